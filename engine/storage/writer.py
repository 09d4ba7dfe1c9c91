"""Checkpoints are copied between two steps and written by a thread, while training goes on."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, Protocol

import torch

from engine.errors import CheckpointError, SaveError
from engine.protocol import CheckpointFailed, CheckpointSaved, RestorePoint
from engine.storage import checkpoint

P = ParamSpec("P")
Saved = CheckpointSaved | CheckpointFailed
BEST_REASONS = ("best", "average")
"why a checkpoint is saved that has the best weights"
OF_BEST = ("best_rank", "best_accuracy", "best_step", "tested")
"what a checkpoint knows of the best weights"


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


class _Owed(NamedTuple):
    """Best weights that could not be written."""

    state: dict[str, Any]
    paths: dict[Path, str]
    "where they belong, with the reason"
    failure: CheckpointFailed
    "what was said of it"


class _Nobody:
    """Stands for the arm where what is owed is written: its weights are older than its own."""

    unsaved = False

    def state(self) -> dict[str, Any]:
        return {}


class CheckpointWriter:
    """Writes one checkpoint at a time, in the order they were asked for."""

    def __init__(self) -> None:
        self.last_checkpoint = ""
        self._latest = 0.0
        self._tried = time.monotonic()
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(1, "checkpoint")
        self._writing: deque[_Writing] = deque()
        self._owed: dict[Path, _Owed] = {}
        "states of best weights that could not be written; they are tried again before the next checkpoint"

    @property
    def since(self) -> float:
        """Seconds since the last attempt to save; a failure counts, so a full disk is not asked at every step."""
        return time.monotonic() - self._tried

    @property
    def is_idle(self) -> bool:
        """Whether all that was asked for is written; from any thread."""
        written = [writing.results for writing in tuple(self._writing)]
        return all(done.done() for done in written) and not any(
            isinstance(result, CheckpointFailed) for done in written for result in done.result()
        )

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
        self._writing.append(_Writing(arm, point, self._submit(self._write, state, paths, name, stall)))

    def write_now(self, state: dict[str, Any], path: Path) -> bool:
        """Write a copy of an arm's checkpoint from another thread. Returns whether it is on the disk."""
        self.wait()
        self._latest = now = max(time.time(), self._latest + 0.001)
        try:
            checkpoint.save(self._as_on_disk(state, path.parent) | {"time": now}, path)
        except SaveError:
            return False
        self.last_checkpoint = str(path)
        return True

    def results(self, wait: bool = False) -> Iterator[tuple[Saved, RestorePoint | None]]:
        """What became of the checkpoints since the last call, or of all that were asked for, and of their points."""
        while self._writing and (wait or self._writing[0].results.done()):
            arm, point, written = self._writing.popleft()
            for result in written.result():
                if isinstance(result, CheckpointSaved):
                    if not isinstance(arm, _Nobody):
                        self.last_checkpoint = result.path
                    yield result, point if result.point else None
                else:
                    arm.unsaved = True
                    yield result, None

    def wait(self) -> None:
        """Until all is written that was asked for, and known of each arm whether it is; the results keep."""
        for arm, _, written in self._writing:
            arm.unsaved |= any(isinstance(result, CheckpointFailed) for result in written.result())

    def retry(self) -> None:
        """Try again to write best weights that are owed, before an end. If they fail in another way, that is said."""
        self.wait()
        if self._owed:
            self._writing.append(_Writing(_Nobody(), None, self._submit(self._write_owed, {})))

    def of_best(self, path: Path, name: str, known: Any) -> Any:  # noqa: ANN401 - the value in a checkpoint
        """A value of `OF_BEST` of the best weights at `path`: `known`, unless those could not be written."""
        return known if path not in self._owed else _on_disk(path)[name]

    def close(self) -> None:
        """Write what was asked for, and end the thread."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def _submit(self, write: Callable[P, list[Saved]], *args: P.args, **kwargs: P.kwargs) -> Future[list[Saved]]:
        """Have the thread write. Where the system allows no more threads, training waits for each checkpoint."""
        if self._pool is not None:
            try:
                return self._pool.submit(write, *args, **kwargs)
            except RuntimeError:
                self._pool.shutdown(cancel_futures=True)  # it has kept what it was to do
                self._pool = None
        done: Future[list[Saved]] = Future()
        done.set_result(write(*args, **kwargs))
        return done

    def _write(self, state: dict[str, Any], paths: dict[Path, str], point: str, stall: float) -> list[Saved]:
        """Write a state, after what is owed. No later state has the best weights, so theirs is kept until then."""
        told = [result for result in self._write_owed(paths) if isinstance(result, CheckpointSaved)]
        main, reason = next(iter(paths.items()))
        if reason in BEST_REASONS:
            return told + self._write_best(state, paths, point, stall)
        return told + _write(self._as_on_disk(state, main.parent), paths, point, stall)

    def _write_owed(self, but: Mapping[Path, str]) -> list[Saved]:
        """Write the best weights that are owed, except to those paths that better ones are about to be written to."""
        results: list[Saved] = []
        for path, (state, paths, failure) in list(self._owed.items()):
            del self._owed[path]
            if path not in but:
                results += (result for result in self._write_best(state, paths, "", 0.0) if result != failure)
        return results

    def _write_best(self, state: dict[str, Any], paths: dict[Path, str], point: str, stall: float) -> list[Saved]:
        """Write best weights. If that fails they are owed, and the other names get a file without them."""
        results = _write(state, paths, point, stall)
        main, reason = next(iter(paths.items()))
        failure = results[0]
        if not (isinstance(failure, CheckpointFailed) and failure.path == str(main)):
            return results
        self._owed[main] = _Owed(state, {main: reason}, failure)
        others = {path: why for path, why in paths.items() if path != main}
        return results + (_write(self._as_on_disk(state, main.parent), others, point, stall) if others else [])

    def _as_on_disk(self, state: dict[str, Any], folder: Path) -> dict[str, Any]:
        """The state as of an arm that knows of no better weights than `best.pt` has: a resume goes on from it."""
        owed = [path for path in self._owed if path.parent == folder]
        return state | _on_disk(owed[0]) if owed else state


def _on_disk(best: Path) -> dict[str, Any]:
    """What is known of the best weights in a file; nothing if it is not there."""
    try:
        kept = checkpoint.peek(best)
    except CheckpointError:
        kept = {}
    return {name: kept.get(name) for name in OF_BEST}


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
