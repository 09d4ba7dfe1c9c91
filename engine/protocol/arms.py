"""Events about the training of an arm."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from engine.protocol.values import Arm, Bool, Int, Metrics, NamesIfKnown, Part, Real, Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """A named parameter group of the optimizer."""

    name: str
    parameters: Int
    "number of trainable scalars"
    base_lr: Real
    "learning rate before the schedule's multiplier"
    frozen: Bool = False
    "whether it is not trained"
    why: str = ""
    "where its base rate comes from, for people"


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """A training picture of which a person has said what is right."""

    path: str
    verdict: Verdict
    label: str
    "its class, where the verdict is `wrong`"
    epoch: Int
    "the first epoch, counted from 1, for which that counts"


Judged = Annotated[tuple[JudgedPicture, ...], Field(exclude_if=lambda pictures: not pictures)]
"left out of a message if it is empty"


@dataclass(frozen=True, slots=True)
class ArmStarted:
    """An arm begins (`step` 0) or goes on after `step`. Later steps of this branch in earlier events are void."""

    arm: Arm
    step: Int
    epoch: Int
    epochs: Int
    steps_per_epoch: Int
    groups: tuple[Group, ...]
    init: str
    "where the weights come from, for people"
    branch: Int = 1
    "grows by 1 with each rewind of the arm"
    change: Int = 0
    "how many changes of the arm's state were not steps"
    steps: Int = 0
    "all steps of the arm, if it ends in the middle of an epoch or has a time to end; 0: all those of its epochs"
    judged: Judged = ()
    "the pictures of which a person has said what is right"
    regularisation: NamesIfKnown = None
    """what makes training pictures harder than scored ones: augmentations by name, and `dropout`; `None` if an older
    version wrote the event"""


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One update of the weights."""

    arm: Arm
    step: Int
    epoch: Int
    loss: Real
    "mean cross entropy of the batch, before the update"
    accuracy: Real
    "fraction of the batch that is classified correctly, before the update"
    images_per_second: Real
    data_wait: Real
    "fraction of the step's time spent waiting for data"
    learning_rates: dict[str, Real]
    "rate of each group in this update"
    gradient_norm: Real = 0.0
    "Euclidean norm of the gradient of all trained parameters together"
    seconds: Real = 0.0
    "duration of the step, waiting included"
    optimizer: Real = 0.0
    "fraction of the step's time spent on the update of the weights, after the backward pass"
    update_ratios: Metrics = field(default_factory=dict)
    """length of the update divided by that of the weights, by group; 0 for a frozen one; of every 16th step, and of the
    first ones; empty for other steps"""


@dataclass(frozen=True, slots=True)
class CompileChosen:
    """Whether to compile the training step of an arm now, and the estimate that this rests on."""

    arm: Arm
    step: Int
    worth: Bool
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """From the step after `step` on the compiled step is used, unless `failure` says why it cannot be."""

    arm: Arm
    step: Int
    seconds: Real
    "duration of compiling"
    failure: str


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch of an arm is trained and evaluated. `seconds` is the arm's total so far."""

    arm: Arm
    step: Int
    epoch: Int
    epochs: Int
    train_loss: Real
    train_accuracy: Real
    test_loss: Real
    test_accuracy: Real
    images_per_second: Real
    data_wait: Real
    learning_rates: dict[str, Real]
    seconds: Real
    metrics: Metrics = field(default_factory=dict)
    "further metrics by name"
    part: Part = "test"
    "the pictures of `test_loss`, `test_accuracy` and `metrics`: `val` or `test`"


EVALUATION_LOSS = "evaluation loss"
"what is not finite if scoring shows it"


@dataclass(frozen=True, slots=True)
class Diverged:
    """The loss or the gradient of the step after `step` is not finite. The weights were not changed.

    Or the loss of the evaluation after `step` is not finite (`what` is `EVALUATION_LOSS`); training goes on.
    """

    arm: Arm
    step: Int
    what: str
    value: Real
    times: Int
    "how often since the end of an epoch"


@dataclass(frozen=True, slots=True)
class ArmSuspended:
    """An arm is suspended with its whole state. A switch back goes on exactly here."""

    arm: Arm
    step: Int


@dataclass(frozen=True, slots=True)
class ArmFinished:
    """An arm has done all its epochs."""

    arm: Arm
    step: Int
    accuracy: Real
    "after the last epoch"
    best_accuracy: Real | None
    "of the best weights, those in `best.pt`; `None` if none could be written"
    seconds: Real
    part: Part = "test"
    "the pictures of both accuracies"
    test_accuracy: Real | None = None
    "of the best weights on the test pictures, if there are validation pictures, too"
