"""Which process of a run keeps the others waiting, or has left them, and what it was doing."""

import time
from collections.abc import Iterable
from contextlib import suppress

from engine.hardware.heartbeats import Heartbeats
from engine.protocol.ages import age

MOST_NAMED = 3


class RankLostError(RuntimeError):
    """Another process of the run has failed, or is silent."""


def culprits(heartbeats: Heartbeats, limit: float, *, timed_out: bool) -> str:
    """The processes to blame for an error while this one waited for the others.

    Those that have failed or that are silent; else those that do not wait for others themselves. `timed_out`: this
    process has waited for `limit` seconds. Otherwise a connection was closed, and it is looked for some seconds who
    falls silent.
    """
    with suppress(RuntimeError):  # the store is gone, too
        heartbeats.listen()
    known = _silent_or_failed(heartbeats)
    if not timed_out:
        only = list(heartbeats.others) if len(heartbeats.others) == 1 else []
        known = only or [rank for rank in heartbeats.others if heartbeats.has_died(rank, 0.0)] or known
    end = time.monotonic() + 2 * heartbeats.gone
    while not known and not timed_out and time.monotonic() < end:
        time.sleep(heartbeats.every / 4)
        known = _silent_or_failed(heartbeats)
    if known:
        return _listed(_state(heartbeats, rank, limit if timed_out else None) for rank in known)
    slow = [rank for rank in heartbeats.silences() if not heartbeats.beat_of(rank).waits]
    if slow and timed_out:
        return _listed(
            f"{heartbeats.called(rank)} has kept the others waiting for {age(limit)}, though it is alive; it was "
            f"{heartbeats.beat_of(rank).doing}"
            for rank in slow
        )
    return "the connection to another process of this run is broken" if not timed_out else "all wait for each other"


def check(heartbeats: Heartbeats, limit: float) -> None:
    """Raise `RankLostError` if another process has ended, or is silent for longer than `limit`."""
    if any(heartbeats.has_died(rank, heartbeats.gone) for rank in heartbeats.others):
        raise RankLostError(culprits(heartbeats, limit, timed_out=False))
    if max(heartbeats.silences().values(), default=0.0) >= limit or any(
        heartbeats.beat_of(rank).ended for rank in heartbeats.others
    ):
        raise RankLostError(culprits(heartbeats, limit, timed_out=True))


def _silent_or_failed(heartbeats: Heartbeats) -> list[int]:
    silent = {rank: s for rank, s in heartbeats.silences().items() if s >= heartbeats.gone}
    failed = [rank for rank in heartbeats.others if heartbeats.beat_of(rank).ended]
    # Those that ended because of another process say so; the first cause is what counts.
    return sorted(silent, key=lambda rank: -silent[rank]) or failed


def _state(heartbeats: Heartbeats, rank: int, limit: float | None) -> str:
    """`limit` is `None` where a connection was closed."""
    beat, seconds = heartbeats.beat_of(rank), heartbeats.silences().get(rank, 0.0)
    if beat.ended:
        return f"{heartbeats.called(rank)} has ended ({beat.ended})"
    if not beat.host:
        return heartbeats.called(rank)
    if limit is not None:
        seconds = max(seconds, limit) if seconds >= 0.9 * limit else seconds  # it was heard up to a beat later
        return f"{heartbeats.called(rank)} has not answered for {age(seconds)}; it was {beat.doing}"
    return f"{heartbeats.called(rank)} has ended without a word; it was {beat.doing}"


def _listed(sentences: Iterable[str]) -> str:
    every = list(sentences)
    more = [f"and {len(every) - MOST_NAMED} more"] if len(every) > MOST_NAMED else []
    return "; ".join([*every[:MOST_NAMED], *more])
