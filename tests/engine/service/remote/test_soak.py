"""Many attach to a run and leave it while it trains; far more of them with `make soak`."""

import ast
import os
from pathlib import Path
from typing import IO

from engine.config import RunConfig
from tests.engine.service.remote.soak import soak
from tests.engine.service.remote.viewers import KINDS
from tests.programs import Program

VIEWERS = int(os.environ.get("SOAK_VIEWERS", "40"))


def forked(settings: Path, told: IO[str]) -> Program:
    return Program("engine", "train", str(settings), stdout=told, stderr=told)


def test_those_who_attach_and_leave_change_no_bit_of_the_weights(small: RunConfig, tmp_path: Path) -> None:
    result = soak(small, tmp_path, VIEWERS, start=forked)
    cycles = ast.literal_eval(result.cycles)
    assert sum(cycles.values()) == VIEWERS and len(cycles) == len(set(KINDS))
    assert result.watched == result.alone and result.steps > 10
