"""Checkpoints are copied between two steps and written by a thread, while training goes on."""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch

from engine.errors import SaveError
from engine.protocol import CheckpointFailed, CheckpointSaved, RestorePoint
from engine.storage import checkpoint

Saved = CheckpointSaved | CheckpointFailed


class Saveable(Protocol):
    """What has a state to be saved."""

    unsaved: bool
    "whether the state has changed since it was saved"

    def state(self) -> dict[str, Any]:
        """Plain values and tensors."""


class _Writing(NamedTuple):
    arm: Saveable
    point: RestorePoint | None
    results: Future[list[Saved]]


class CheckpointWriter:
    """Writes one checkpoint at a time, in the order they were asked for."""

    def __init__(self) -> None:
        self.last_checkpoint = ""
        self._latest = 0.0
        self._tried = time.monotonic()
        self._pool = ThreadPoolExecutor(1, "checkpoint")
        self._writing: deque[_Writing] = deque()
        self._owed: dict[Path, dict[str, Any]] = {}
        "states of best weights that could not be written; they are tried again before the next checkpoint"

    @property
    def since(self) -> float:
        """Seconds since the last attempt to save; a failure counts, so a full disk is not asked at every step."""
        return time.monotonic() - self._tried

    def continue_from(self, path: Path, saved_at: float) -> None:
        """Take up a run whose newest checkpoint was `saved_at` that time."""
        self.last_checkpoint, self._latest = str(path), saved_at

    def put(
        self,
        arm: Saveable,
        common_state: dict[str, Any],
        paths: dict[Path, str],
        point: RestorePoint | None = None,
        began: float | None = None,
    ) -> None:
        """Copy an arm's state and the rest of its checkpoint; the copy goes to `paths`, each with its reason.

        The file is kept as a restore point, too, if `point` says how it is called in the arm's folder. Waits for the
        checkpoint before this one, so that there is one copy at a time; training may stand still for it since `began`.
        """
        self._tried = time.monotonic()
        began = self._tried if began is None else began
        self.wait()
        # Later than the one before even where the clock was set back or another machine's is behind.
        self._latest = now = max(time.time(), self._latest + 0.001)
        state = copy_to_host(arm.state() | common_state | {"time": now})
        arm.unsaved = False
        stall = time.monotonic() - began
        name = point.name if point is not None else ""
        if point is not None:
            point = replace(point, time=now)
        self._writing.append(_Writing(arm, point, self._pool.submit(self._write, state, paths, name, stall)))

    def results(self, wait: bool = False) -> Iterator[tuple[Saved, RestorePoint | None]]:
        """What became of the checkpoints since the last call, or of all that were asked for, and of their points."""
        while self._writing and (wait or self._writing[0].results.done()):
            arm, point, written = self._writing.popleft()
            for result in written.result():
                if isinstance(result, CheckpointSaved):
                    self.last_checkpoint = result.path
                    yield result, point if result.point else None
                else:
                    arm.unsaved = True
                    yield result, None

    def wait(self) -> None:
        """Until all is written that was asked for, and known of each arm whether it is; the results keep."""
        for arm, _, written in self._writing:
            arm.unsaved |= any(isinstance(result, CheckpointFailed) for result in written.result())

    def close(self) -> None:
        """Write what was asked for, and end the thread."""
        self._pool.shutdown(wait=True)

    def _write(self, state: dict[str, Any], paths: dict[Path, str], point: str, stall: float) -> list[Saved]:
        """Write a state, after what is owed. No later state has the best weights, so theirs is kept until then."""
        results: list[Saved] = []
        for path, owed in list(self._owed.items()):
            del self._owed[path]
            if path not in paths:  # else there are better ones now
                results += self._try(owed, {path: "best"}, "", 0.0)
        told = [result for result in results if isinstance(result, CheckpointSaved)]  # a failure was told before
        return told + self._try(state, paths, point, stall)

    def _try(self, state: dict[str, Any], paths: dict[Path, str], point: str, stall: float) -> list[Saved]:
        results = _write(state, paths, point, stall)
        main, reason = next(iter(paths.items()))
        if reason == "best" and isinstance(results[0], CheckpointFailed) and results[0].path == str(main):
            self._owed[main] = state
        return results


def _write(state: dict[str, Any], paths: dict[Path, str], point: str, stall: float) -> list[Saved]:
    """Write a state to the first of `paths`; the others, and the point, are further names of that file.

    The best weights come first: a process that is killed in between goes on from them, and with `last.pt` alone it
    would know of better weights than `best.pt` has.
    """
    arm, step, results = state["arm"], state["step"], list[Saved]()
    main = next(iter(paths))
    try:
        size = checkpoint.save(state, main)
    except SaveError as error:
        return [CheckpointFailed(arm, step, str(main), error.message)]
    kept = ""
    if point:
        try:
            checkpoint.link(main, main.parent / point)
            kept = point
        except SaveError as error:
            results.append(CheckpointFailed(arm, step, str(main.parent / point), error.message))
    for path, reason in paths.items():
        try:
            if path != main:
                checkpoint.link(main, path)
        except SaveError as error:
            results.append(CheckpointFailed(arm, step, str(path), error.message))
        else:
            results.append(CheckpointSaved(arm, step, str(path), reason, size, state["time"], stall, kept))
            stall, kept = 0.0, ""  # one copy serves them all
    return results


def copy_to_host(value: Any) -> Any:  # noqa: ANN401 - the tree of plain values and tensors that a state is
    """The same on the host, sharing no memory with what training goes on to change."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: copy_to_host(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(copy_to_host(item) for item in value)
    return value
