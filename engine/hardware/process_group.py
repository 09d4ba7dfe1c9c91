"""The processes of one run: one, or as many as torchrun started, each with its part of every batch."""

import os
import re
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import torch
from torch import distributed
from torch.distributed import distributed_c10d
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from engine.errors import EngineError
from engine.hardware.heartbeats import Heartbeats
from engine.hardware.lost_rank import RankLostError, check, culprits
from engine.hardware.torchrun import restarts
from engine.protocol import CheckpointSaved, Event, RankSilent, RunStarted
from engine.protocol.activity import doing

T = TypeVar("T")

set_timeout = getattr(distributed, "set_timeout", None) or distributed_c10d._set_pg_timeout
"as it is called from torch 2.14 on, and before"
LIMIT = 600.0  # seconds for a collective, where nobody has said otherwise
LONGEST_SLEEP = 0.5  # seconds between two looks at whether the first process has done what it does alone


class ProcessGroup:
    """The processes of a run, seen from one of them. Every process makes the same calls in the same order.

    A call that waits for the others raises an error for which `is_lost` holds if another process has ended, or has not
    come within the time limit. What the first process does alone may take longer, as long as it is alive.
    """

    def __init__(self) -> None:
        self.rank, self.size, self.local_rank = (
            int(os.environ.get(name, default))
            for name, default in (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
        )
        self.limit = LIMIT
        self._store: Store | None = None
        self._heartbeats: Heartbeats | None = None
        self._waits = 0

    def join(self, limit: float = LIMIT, tell: Callable[[tuple[RankSilent, ...]], None] = lambda silent: None) -> None:
        """Connect to the other processes, if there are any, and wait until all have, for ten minutes or longer.

        `limit`: seconds for which the processes wait from then on for one that does not come. `tell` is called from
        another thread, in one of the processes, with those that are silent.
        """
        self.limit = limit
        if self.size == 1:
            return
        patience = timedelta(seconds=max(limit, LIMIT))  # some machines are slow to load libraries
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        store, rank, size = next(rendezvous("env://", timeout=patience))
        # After a restart torchrun's store still has the addresses of the earlier processes.
        self._store = PrefixStore(f"attempt {restarts()}", store)
        self._heartbeats = Heartbeats(self._store.clone(), rank, size, limit, tell)
        self._heartbeats.say()
        self._heartbeats.start()
        distributed.init_process_group(backend, store=self._store, rank=rank, world_size=size, timeout=patience)
        set_timeout(timedelta(seconds=limit))
        self._heartbeats.listen()  # all have said something by now

    @property
    def is_first(self) -> bool:
        """Whether this process has rank 0: it writes the run's folder and prints events."""
        return self.rank == 0

    @property
    def folder(self) -> str:
        """The run's folder, as far as the first process has said it; empty before."""
        return self._heartbeats.beat_of(0).folder if self._heartbeats is not None else ""

    def note(self, event: Event) -> None:
        """Take in what this process is doing, for the others."""
        if self._heartbeats is None:
            return
        own = self._heartbeats.own
        match event:
            case RunStarted():
                own.folder, own.saved = event.path, event.resumed_from
                self._heartbeats.hurry()
            case CheckpointSaved():
                own.saved = f"{event.path} (step {event.step})"
            case _ if what := doing(event):
                own.doing = what

    def broadcast(self, value: T, *, patient: bool = False) -> T:
        """The value of the first process. With `patient`, that may need any time before it has one."""
        if self.size == 1:
            return value
        if patient:
            self._wait_for_first()
        values: list[Any] = [value if self.is_first else None]
        self._waiting(lambda: distributed.broadcast_object_list(values, src=0, device=torch.device("cpu")))
        shared: T = values[0]
        return shared

    def on_first(self, do: Callable[[], T]) -> T:
        """Call `do` in the first process; its result, or its error, in all processes.

        Raises:
            EngineError: `do` has raised it in the first process.
        """
        if self.size == 1:
            return do()
        value: T | None = None
        error: EngineError | None = None
        if self.is_first:
            try:
                value = do()
            except EngineError as raised:
                error = raised
        value, failure = self.broadcast(
            (value, None if error is None else (type(error), error.title, error.message)), patient=True
        )
        if failure is not None:
            kind, title, message = failure
            raise kind(title, message)
        return value  # type: ignore[return-value]

    def on_first_then_others(self, do: Callable[[], Generator[Event, None, T]]) -> Generator[Event, None, T]:
        """Call `do` in the first process, then in the others, which then find what it has made.

        Raises:
            EngineError: `do` has raised it, in the first process or in this one.
        """
        if self.size == 1:
            return (yield from do())
        done: list[T] = []
        error: EngineError | None = None
        if self.is_first:
            try:
                done.append((yield from do()))
            except EngineError as raised:  # raised below in all processes, which wait for it
                error = raised

        def outcome() -> None:
            if error is not None:
                raise error

        self.on_first(outcome)
        return done[0] if done else (yield from do())

    def take_from(self, queue: "SimpleQueue[T]") -> T:
        """The next item of a queue of the first process, however long that takes, as long as all processes live."""
        while True:
            try:
                return queue.get(timeout=None if self.size == 1 else 1.0)
            except Empty:
                self._check()

    def all_reduce(self, figures: torch.Tensor) -> torch.Tensor:
        """Sum a tensor over all processes, in place."""
        if self.size > 1:
            self._waiting(lambda: distributed.all_reduce(figures))
        return figures

    def end_if_given_up(self) -> None:
        """End this process at once if it was stopped so long that the others do not wait for it any more."""
        if self._heartbeats is not None:
            self._heartbeats.end_if_given_up()

    def why_lost(self, error: BaseException) -> str:
        """Which processes are to blame for an error for which `is_lost` holds, and what they were doing."""
        if self._heartbeats is None:
            return "the processes of this run have not met"
        if isinstance(error, RankLostError):
            return str(error)
        timed_out = re.search("time(d )?out", str(error), re.IGNORECASE) is not None
        return culprits(self._heartbeats, self.limit, timed_out=timed_out)

    @property
    def speaks_for_first(self) -> bool:
        """Whether the first process has fallen silent, and this is the one that says so."""
        return not self.is_first and self._heartbeats is not None and self._heartbeats.speaks(self._heartbeats.gone)

    @property
    def saved(self) -> str:
        """The newest checkpoint of the run, in words; empty if there is none that this process knows."""
        return self._heartbeats.beat_of(0).saved if self._heartbeats is not None else ""

    def others_said_so(self) -> bool:
        """Whether another process that has ended has said that it does; else it was killed, or is cut off."""
        return self._heartbeats is None or self._heartbeats.hear_an_end()

    def say_end(self) -> None:
        """Tell the others that this process ends, from any thread, where it just ends."""
        if self._heartbeats is not None:
            self._heartbeats.close()

    def close(self, why: str = "") -> None:
        """Disconnect from the other processes; `why` tells them why this one has failed."""
        if self._heartbeats is not None:
            self._heartbeats.close(why)
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()

    def _wait_for_first(self) -> None:
        """Wait until the first process comes here, too."""
        assert self._store is not None
        self._waits += 1
        key, began = f"wait {self._waits}", time.monotonic()
        if self.is_first:
            self._store.set(key, "over")
            return
        self._waiting(lambda: self._look_for(key, began))

    def _look_for(self, key: str, began: float) -> None:
        assert self._store is not None
        while not self._store.check([key]):
            self._check()
            time.sleep(min(LONGEST_SLEEP, 0.001 + (time.monotonic() - began) / 20))

    def _waiting(self, wait: Callable[[], object]) -> None:
        """Call what waits for other processes."""
        assert self._heartbeats is not None, "the processes have not met"
        self._heartbeats.own.waits = True
        wait()
        self._heartbeats.own.waits = False  # after an error it is still true of it

    def _check(self) -> None:
        """Raise `RankLostError` if another process is silent for longer than the limit, or has failed."""
        if self._heartbeats is not None:
            check(self._heartbeats, self.limit)


def is_lost(error: BaseException) -> bool:
    """Whether an error says that another process has gone. Those of Gloo have any type, and its name in the text."""
    return isinstance(error, distributed.DistError | RankLostError) or (
        isinstance(error, RuntimeError) and "gloo" in str(error).lower()
    )
