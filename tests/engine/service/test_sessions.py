"""Sessions steered at random: whatever is sent, a crash loses nothing of it, and a replay has the same weights.

`make soak` has more of them.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine import protocol as p
from engine.cli import replay
from engine.config import RunConfig
from engine.loop.run import Run
from tests.engine.driving import folder_of, with_settings

Key = tuple[object, ...]
MOST = 8  # times that something is sent


class Person:
    """Sends commands at random after steps, evaluations and beginnings; or the same ones again, each once."""

    def __init__(self, rng: random.Random | None = None, again: dict[Key, list[p.Command]] | None = None) -> None:
        self.sent: dict[Key, list[p.Command]] = {}
        self._rng = rng
        self._again = again or {}
        self._seen: set[Key] = set()
        self._branch: dict[p.Arm, int] = {}
        self._points = ["start"]

    def __call__(self, event: p.Event) -> list[p.Command]:
        if isinstance(event, p.RestorePoints):
            self._points = [point.name for point in event.points]
        if isinstance(event, p.ArmStarted):
            self._branch[event.arm] = event.branch
        if not isinstance(event, p.ArmStarted | p.TrainStep | p.EvalDone | p.Evaluating):
            return []
        key = (type(event), event.arm, self._branch[event.arm], event.step, getattr(event, "done", 0))
        if key in self._seen:  # done again after a crash: the journal has what was sent
            return []
        self._seen.add(key)
        if self._rng is None:
            return self._again.get(key, [])
        if len(self.sent) < MOST and self._rng.random() < 0.35:
            self.sent[key] = [self._command(self._rng) for _ in range(self._rng.choice([1, 1, 2, 3]))]
        return self.sent.get(key, [])

    def _command(self, rng: random.Random) -> p.Command:
        group = rng.choice(["backbone", "head"])
        kinds: list[Callable[[], p.Command]] = [
            lambda: p.SetRate(group, rng.choice([1e-3, 5e-3, 0.0])),
            lambda: p.ScaleRate(group, rng.choice([0.5, 2.0])),
            lambda: p.SetFrozen(group, rng.random() < 0.6),
            lambda: p.SetEpochs(rng.choice([1, 2, 3, 4])),
            lambda: p.SetMicroBatch(rng.choice([1, 2, 3])),
            lambda: p.Rewind(rng.choice(self._points)),
            lambda: p.SwitchArm(rng.choice(p.ARMS)),
            lambda: p.CorrectLabel(f"train/{rng.choice(['cat', 'dog'])}/{rng.randrange(7)}.jpg", *rng.choice(WORDS)),
            p.Save,
            p.Evaluate,
        ]
        return rng.choice(kinds)()


WORDS: list[tuple[p.Verdict, str]] = [("wrong", "dog"), ("wrong", "cat"), ("leave_out", ""), ("undecided", "")]


def play(run: Run, person: Person, steps: int | None = None) -> list[p.Event]:
    """All events, or those until so many steps are done: then it is as if the process had been killed."""
    inbox: SimpleQueue[p.Command] = SimpleQueue()
    events: list[p.Event] = []
    for event in (running := run.events(inbox)):
        events.append(event)
        done = sum(isinstance(event, p.TrainStep) for event in events)
        if steps is not None and done >= steps and inbox.empty() and run._inbox.empty:
            running.close()
            break
        for command in person(event):
            inbox.put(command)
    return events


@pytest.mark.parametrize("seed", range(int(os.environ.get("SESSIONS", "4"))))
def test_a_session_survives_a_crash_and_is_replayed(small: RunConfig, weights: Path, seed: int) -> None:
    rng = random.Random(seed)
    config = with_settings(
        small,
        model__weights=str(weights),
        optim__name=rng.choice(["sgd", "adamw"]),
        schedule__name=rng.choice(["constant", "cosine"]),
    )
    person = Person(rng)
    whole = play(Run(config), person)
    assert isinstance(whole[-1], p.RunFinished), whole[-1]
    verdict = replay.play(replay.plan(Path(folder_of(whole))), SimpleQueue(), lambda event: None)
    assert verdict is not None and verdict.equal and verdict.left == 0

    again = Person(again=person.sent)
    steps = sum(isinstance(event, p.TrainStep) for event in whole)
    crashed = play(Run(config), again, steps=rng.randrange(1, max(steps, 2)))
    resumed = play(Run(config, resume=folder_of(crashed)), again)
    assert resumed[-1].weights_sha256 == whole[-1].weights_sha256
    assert (resumed[-1].arm, resumed[-1].step) == (whole[-1].arm, whole[-1].step)
    verdict = replay.play(replay.plan(Path(folder_of(crashed))), SimpleQueue(), lambda event: None)
    assert verdict is not None and verdict.equal and verdict.left == 0
