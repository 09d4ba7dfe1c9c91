"""Who is silent, who is to blame, and what becomes of a process that was given up; time is made up."""

from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from torch.distributed import HashStore

from engine import protocol as p
from engine.hardware import heartbeats as module
from engine.hardware.heartbeats import Heartbeats
from engine.hardware.lost_rank import RankLostError, check, culprits
from engine.loop.rank_watch import RankWatch
from engine.protocol.activity import doing
from engine.protocol.sentences import message
from engine.storage.ranks_file import read_note, write_failure

LIMIT = 300.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ranks:
    """Three processes of a run, as threads that were never started."""

    def __init__(self, clock: Clock) -> None:
        store = HashStore()
        self.clock = clock
        self.told: list[tuple[int, tuple[p.RankSilent, ...]]] = []
        self.all = [Heartbeats(store, rank, 3, LIMIT, self._teller(rank)) for rank in range(3)]
        for rank in self.all:
            rank.own.host = f"n{rank._rank}"

    def _teller(self, rank: int) -> Callable[[tuple[p.RankSilent, ...]], None]:
        return lambda silent: self.told.append((rank, silent))

    def beat(self, *ranks: int, seconds: float = 1.0) -> None:
        """Let so many seconds pass, at each of which these processes beat."""
        for _ in range(int(seconds)):
            self.clock.now += 1
            for rank in ranks:
                self.all[rank]._beat()


@pytest.fixture
def ranks(monkeypatch: pytest.MonkeyPatch) -> Ranks:
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock)
    made = Ranks(clock)
    made.beat(0, 1, 2, seconds=2)
    return made


def test_a_silent_process_is_told_of_by_the_first_that_is_not_and_again_when_it_is_back(ranks: Ranks) -> None:
    ranks.all[0].own.doing = "evaluating, step 120"
    ranks.beat(0, 1, 2, seconds=2)
    ranks.beat(1, 2, seconds=29)
    assert ranks.told == []
    ranks.beat(1, 2, seconds=2)
    rank, (silent,) = ranks.told[-1]
    assert rank == 1 and {rank for rank, _ in ranks.told} == {1}
    assert (silent.rank, silent.host, silent.doing) == (0, "n0", "evaluating, step 120") and 30 <= silent.seconds <= 31
    ranks.beat(0, 1, 2)  # it was stopped for half a minute itself, and blames nobody
    ranks.beat(0, 1, 2)
    assert ranks.told[-1] == (1, ())


def test_who_waits_for_a_silent_process_is_not_blamed(ranks: Ranks) -> None:
    for rank in (0, 1):
        ranks.all[rank].own.waits = True
    ranks.all[2].own.doing = "training, step 9"
    ranks.beat(0, 1, 2)
    ranks.beat(0, 1, seconds=LIMIT)
    assert culprits(ranks.all[0], LIMIT, timed_out=True) == (
        "rank 2 on n2 has not answered for 5 min; it was training, step 9"
    )
    check(ranks.all[1], LIMIT)
    ranks.beat(0, 1)
    with pytest.raises(RankLostError, match="rank 2 on n2 has not answered for 5 min"):
        check(ranks.all[1], LIMIT)


def test_a_process_that_is_alive_and_does_not_come_is_named_with_what_it_does(ranks: Ranks) -> None:
    for rank in (0, 2):
        ranks.all[rank].own.waits = True
    ranks.all[1].own.doing = "compiling, step 1"
    ranks.beat(0, 1, 2)
    check(ranks.all[0], LIMIT)
    text = culprits(ranks.all[0], LIMIT, timed_out=True)
    assert text == "rank 1 on n1 has kept the others waiting for 5 min, though it is alive; it was compiling, step 1"


def test_a_process_that_failed_has_said_why(ranks: Ranks) -> None:
    ranks.all[1].start()  # `close` waits for its end
    ranks.all[1].close("Pictures unreadable: a.jpg")
    ranks.beat(0, 2)
    assert culprits(ranks.all[0], LIMIT, timed_out=False) == "rank 1 on n1 has ended (Pictures unreadable: a.jpg)"


def test_one_that_waits_for_hours_learns_at_once_that_a_process_of_its_machine_was_killed(ranks: Ranks) -> None:
    alive, dead = Popen(["sleep", "60"]), Popen(["true"])
    dead.wait()
    for rank in ranks.all:
        rank.own.host, rank.own.pid = "here", alive.pid
    ranks.beat(0, 1, 2)
    ranks.beat(0, 2, seconds=10)
    check(ranks.all[0], LIMIT)  # it is silent, but there: somebody stopped it
    ranks.all[1].own.pid = dead.pid
    ranks.beat(0, 1, 2)
    ranks.beat(0, 2, seconds=10)
    alive.kill()
    alive.wait()
    with pytest.raises(RankLostError, match="rank 1 on here has ended without a word"):
        check(ranks.all[0], LIMIT)


def test_a_process_that_was_stopped_longer_than_the_others_wait_ends_before_it_writes(
    ranks: Ranks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(module.os, "_exit", leave)
    ranks.clock.now += LIMIT - 1
    ranks.all[0].end_if_given_up()
    ranks.clock.now += 2
    with pytest.raises(SystemExit):
        ranks.all[0].end_if_given_up()
    assert "rank 0 on n0 was stopped for 5 min" in capsys.readouterr().err


def test_watchers_and_status_learn_of_a_silent_process(tmp_path: Path) -> None:
    told: list[p.Event] = []
    watch = RankWatch(lambda: tmp_path, told.append)
    watch((p.RankSilent(1, "n12", "training, step 9", 42.0),))
    watch((p.RankSilent(1, "n12", "training, step 9", 43.0),))
    assert read_note(tmp_path).waits_for == "rank 1 on n12 for 42 s"
    watch(())
    assert read_note(tmp_path) == ("", "")
    assert [message(event) for event in told] == [
        "waits for rank 1 on n12 for 42 s; it was training, step 9",
        "rank 1 on n12 answers again",
    ]
    write_failure(tmp_path, "A process is gone")
    assert read_note(tmp_path).failure == "A process is gone"
    (tmp_path / "ranks.json").write_text("[1")
    assert read_note(tmp_path) == ("", "")


def test_what_a_process_does_is_the_last_that_its_events_say() -> None:
    assert doing(p.Evaluating("scratch", 120, 1, 2)) == "evaluating, step 120"
    assert doing(p.Loading("downloading pictures")) == "downloading pictures"
    assert doing(p.ImageSkipped("a", "b", 1)) == ""
