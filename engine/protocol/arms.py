"""What is trained and tested of an arm."""

from dataclasses import dataclass, field

from engine.protocol.values import Arm, Bool, Int, Metrics, Real


@dataclass(frozen=True, slots=True)
class Group:
    """A named parameter group of the optimizer."""

    name: str
    parameters: Int
    "number of trainable scalars"
    base_lr: Real
    "learning rate before the schedule's multiplier"
    frozen: Bool = False
    "whether it is left as it is"
    why: str = ""
    "where its base rate comes from, in words"


@dataclass(frozen=True, slots=True)
class ArmStarted:
    """An arm begins (`step` 0) or goes on after `step`; later steps of its branch seen before are void."""

    arm: Arm
    step: Int
    epoch: Int
    epochs: Int
    steps_per_epoch: Int
    groups: tuple[Group, ...]
    init: str
    "where the weights come from, in words"
    branch: Int = 1
    "grows by 1 with each rewind of the arm"
    change: Int = 0
    "how often the arm's state has changed other than by a step"


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One update of the weights."""

    arm: Arm
    step: Int
    epoch: Int
    loss: Real
    "mean cross entropy of the batch, before the update"
    accuracy: Real
    "share of the batch classified correctly, before the update"
    images_per_second: Real
    data_wait: Real
    "share of the step's time spent waiting for data"
    learning_rates: dict[str, Real]
    "rate of each group in this update"
    gradient_norm: Real = 0.0
    "length of the gradient of all trained parameters together"
    seconds: Real = 0.0
    "that the step took, waiting included"
    optimizer: Real = 0.0
    "share of the step's time spent on the update of the weights, which follows the backward pass"


@dataclass(frozen=True, slots=True)
class CompileChosen:
    """Whether the training step of an arm is compiled, which starts now, and the estimate that says so."""

    arm: Arm
    step: Int
    worth: Bool
    reason: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """From the step after `step` on the compiled step is used, or not, where `failure` says why it cannot be."""

    arm: Arm
    step: Int
    seconds: Real
    "that compiling took"
    failure: str


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Test pictures seen so far in the evaluation after `step`."""

    arm: Arm
    step: Int
    done: Int
    total: Int


@dataclass(frozen=True, slots=True)
class EvalDone:
    """Loss and accuracy on the whole test set after `step`."""

    arm: Arm
    step: Int
    epoch: Int
    loss: Real
    accuracy: Real
    images: Int
    best: Bool
    "no earlier evaluation of this arm was more accurate"
    seconds: Real = 0.0
    "that it took, without pauses"
    metrics: Metrics = field(default_factory=dict)
    "further metrics by name"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test picture that is taken for another class; classes are numbered as in `RunStarted`, from 0."""

    path: str
    label: Int
    "its class"
    predicted: Int
    confidence: Real
    "probability given to `predicted`"


@dataclass(frozen=True, slots=True)
class Confusion:
    """What the evaluation after `step` gets right and wrong, class by class; classes are numbered from 0."""

    arm: Arm
    step: Int
    images: tuple[Int, ...]
    "test pictures of each class"
    correct: tuple[Int, ...]
    "how many of them are classified correctly"
    confused: tuple[tuple[Int, Int, Int], ...]
    "class, predicted class and number of pictures of the pairs that are confused, most frequent first, 10,000 at most"
    mistakes: tuple[Mistake, ...]
    "the most confident ones first, 24 at most"


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch of an arm, training and evaluation; `seconds` is the arm's total so far."""

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
    "further metrics of the test pictures by name"


@dataclass(frozen=True, slots=True)
class Diverged:
    """The loss or the gradient of the step after `step` is not finite; the weights were left alone."""

    arm: Arm
    step: Int
    what: str
    value: Real
    times: Int
    "so often since an epoch was done"


@dataclass(frozen=True, slots=True)
class ArmSuspended:
    """An arm rests with its whole state; a switch back goes on exactly here."""

    arm: Arm
    step: Int


@dataclass(frozen=True, slots=True)
class ArmFinished:
    """An arm has done all its epochs."""

    arm: Arm
    step: Int
    accuracy: Real
    "on the test set, after the last epoch"
    best_accuracy: Real
    seconds: Real
