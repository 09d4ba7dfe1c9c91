"""What a report knows of a run, as plain data. What is not known is `None` or empty, never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.config import RunConfig
from engine.figures.arm import ArmView
from engine.figures.best import Best, Score, better_arm
from engine.protocol import Arm, RunFinished, RunStarted
from engine.service.status import RunStatus


@dataclass(frozen=True, slots=True)
class ArmFacts:
    """What is known of an arm."""

    arm: Arm
    init: str
    "where its weights came from, for people"
    view: ArmView
    "its curves and branches"
    file: str
    "the file of the best weights, in the run's folder"
    size: int | None
    "of that file in bytes; `None`: it is not there"

    @property
    def best(self) -> Best | None:
        """Its best weights; `None` if nothing was scored yet."""
        return self.view.best_weights.best()

    @property
    def seconds(self) -> float | None:
        """The time that the current branch took, evaluations included; `None` before the end of an epoch."""
        history = self.view.curves.history
        return history[-1].seconds if history else None

    @property
    def newest(self) -> Score | None:
        """The newest score of the current branch on the pictures that choose."""
        known = self.view.curves.evaluations
        if not known:
            return None
        last = known[-1]
        return Score(last.part, last.accuracy, last.loss, last.images, last.metrics)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to a run, by a person or by the program."""

    time: float
    by_hand: bool
    what: str
    arm: Arm | None = None
    branch: int = 1
    step: int = 0
    epoch: float = 0.0
    "epochs that the arm had done, with the part of the one under way"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run."""

    folder: Path
    status: RunStatus
    run: RunStarted | None
    "`None`: it has not begun, or its journal has lost the beginning"
    finished: RunFinished | None
    config: RunConfig | None
    config_problem: str
    "why the configuration cannot be read; empty if it can"
    arms: Mapping[Arm, ArmFacts]
    "those that have begun"
    deeds: tuple[Deed, ...]
    "oldest first"
    resumes: int
    "how often the run was gone on with"
    skipped: int
    "training and other pictures that could not be decoded"
    unreadable: int
    "lines of the journal that cannot be read"

    @property
    def name(self) -> str:
        """The run's name."""
        return self.status.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.run.classes if self.run is not None else ()

    @property
    def parts(self) -> dict[str, int]:
        """The number of pictures of each part; 0 where there is no such part."""
        if self.run is None:
            return {}
        return {"training": self.run.train_images, "validation": self.run.val_images, "test": self.run.test_images}

    @property
    def winner(self) -> ArmFacts | None:
        """The arm whose best weights are to be used."""
        arm = better_arm({arm: facts.best for arm, facts in self.arms.items()})
        return self.arms[arm] if arm is not None else None
