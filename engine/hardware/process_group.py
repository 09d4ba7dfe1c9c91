"""The processes of one run: one, or as many as torchrun started, each with its part of every batch."""

import os
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from engine.errors import EngineError
from engine.protocol import Event

T = TypeVar("T")

TIMEOUT = timedelta(hours=12)  # the first process may download a data set; torchrun notices one that died


class ProcessGroup:
    """The processes of a run, seen from one of them. Every process makes the same calls in the same order."""

    def __init__(self) -> None:
        self.rank, self.size, self.local_rank = (
            int(os.environ.get(name, default))
            for name, default in (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
        )

    def join(self) -> None:
        """Connect to the other processes, if there are any, and wait until all have."""
        if self.size > 1:
            backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
            store, rank, size = next(rendezvous("env://", timeout=TIMEOUT))
            # After a restart torchrun's store still has the addresses of the earlier processes.
            attempt = PrefixStore(f"attempt {restarts()}", store)
            distributed.init_process_group(backend, store=attempt, rank=rank, world_size=size, timeout=TIMEOUT)

    @property
    def is_first(self) -> bool:
        """Whether this process has rank 0: it writes the run's folder and prints events."""
        return self.rank == 0

    def broadcast(self, value: T) -> T:
        """The value of the first process."""
        if self.size == 1:
            return value
        values: list[Any] = [value if self.is_first else None]
        distributed.broadcast_object_list(values, src=0, device=torch.device("cpu"))
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
        value, failure = self.broadcast((value, None if error is None else (type(error), error.title, error.message)))
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

    def all_reduce(self, figures: torch.Tensor) -> torch.Tensor:
        """Sum a tensor over all processes, in place."""
        if self.size > 1:
            distributed.all_reduce(figures)
        return figures

    def close(self) -> None:
        """Disconnect from the other processes."""
        if self.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()


def is_lost(error: BaseException) -> bool:
    """Whether an error says that another process has gone. Those of Gloo have any type, and its name in the text."""
    return isinstance(error, distributed.DistError) or (
        isinstance(error, RuntimeError) and "gloo" in str(error).lower()
    )


def launcher() -> str:
    """An identifier of this launch by torchrun, the same after its restarts; empty without torchrun."""
    run = os.environ.get("TORCHELASTIC_RUN_ID")
    if run is None:
        return ""
    return run if run != "none" else f"{os.uname().nodename} {os.getppid()}"


def restarts() -> int:
    """How often torchrun has restarted the processes of this run after a failure."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
