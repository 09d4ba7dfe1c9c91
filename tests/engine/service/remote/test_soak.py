"""The short form of what `python -m tests.bench.watching` does for long."""

import ast
from pathlib import Path

from engine.config import RunConfig
from tests.engine.service.remote.soak import soak


def test_two_hundred_who_attach_and_leave_change_no_bit_of_the_weights(small: RunConfig, tmp_path: Path) -> None:
    result = soak(small, tmp_path, 200)
    assert sum(ast.literal_eval(result.cycles).values()) == 200 and len(ast.literal_eval(result.cycles)) == 7
    assert result.watched == result.alone and result.steps > 10
