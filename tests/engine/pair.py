"""Functions in processes of their own: one, or two that train together as torchrun starts them."""

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from torch import distributed

from tests.programs import FORKS

PATIENCE = 120


class Ended(NamedTuple):
    """What became of a process."""

    status: int
    out: str
    messages: str


def pair(tmp_path: Path, *arguments: str) -> list[Ended]:
    """`python -m engine train` with `arguments` in two processes; the first one tells."""
    return in_pair(tmp_path, _train, ["train", *arguments])


def in_pair(tmp_path: Path, do: Any, *arguments: Any) -> list[Ended]:
    """Call a function in two processes that can meet."""
    store = distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # torchrun's part
    meeting = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port)}
    meeting |= {"TORCHELASTIC_USE_AGENT_STORE": "True"}
    return _ended(
        tmp_path, [meeting | {"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(2)], do, arguments
    )


def in_fork(tmp_path: Path, do: Any, *arguments: Any) -> Ended:
    """Call a function in a process of its own; what it returns is the status."""
    (ended,) = _ended(tmp_path, [{}], do, arguments)
    return ended


def _ended(tmp_path: Path, environments: list[dict[str, str]], do: Any, arguments: tuple[Any, ...]) -> list[Ended]:
    files = [(tmp_path / f"out-{number}", tmp_path / f"messages-{number}") for number in range(len(environments))]
    processes = [
        FORKS.Process(target=_work, args=(environment, *map(str, both), do, arguments), daemon=True)
        for environment, both in zip(environments, files, strict=True)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    statuses = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    assert None not in statuses, [file.read_text() for both in files for file in both]
    return [
        Ended(status or 0, out.read_text(), messages.read_text())
        for status, (out, messages) in zip(statuses, files, strict=True)
    ]


def _work(environment: dict[str, str], out: str, messages: str, do: Any, arguments: tuple[Any, ...]) -> None:
    os.environ |= environment
    for number, path in ((1, out), (2, messages)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.exit(do(*arguments))


def _train(arguments: list[str]) -> int:
    from engine.cli.program import main

    return main(arguments)
