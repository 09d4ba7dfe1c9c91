"""Events about scores: evaluations of an arm, what they got wrong, and tests."""

from dataclasses import dataclass, field

from engine.protocol.values import Arm, Bool, Counts, Int, Metrics, Part, Real, Temperature


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Progress of the evaluation after `step`, in pictures of its part."""

    arm: Arm
    step: Int
    done: Int
    total: Int
    part: Part = "test"


@dataclass(frozen=True, slots=True)
class EvalDone:
    """Loss and accuracy after `step`, on the pictures that the arm's best weights are chosen by."""

    arm: Arm
    step: Int
    epoch: Int
    loss: Real
    accuracy: Real
    images: Int
    best: Bool
    "whether no earlier evaluation of this arm was better (`train.metric`, then the loss)"
    seconds: Real = 0.0
    "duration of the evaluation, without pauses"
    metrics: Metrics = field(default_factory=dict)
    "further metrics by name"
    temperature: Temperature = 1.0
    "the logits divided by it give the best calibrated probabilities of these pictures"
    part: Part = "test"
    "`val`: the validation pictures; `test`: the test pictures, where there are no validation pictures"


@dataclass(frozen=True, slots=True)
class BestTested:
    """Loss and accuracy on the test pictures, scored once at the end of an arm that has validation pictures."""

    arm: Arm
    step: Int
    "the step of the weights"
    weights: str
    "the checkpoint with the weights, the arm's best one"
    loss: Real
    accuracy: Real
    images: Int
    seconds: Real = 0.0
    metrics: Metrics = field(default_factory=dict)
    "further metrics by name"


@dataclass(frozen=True, slots=True)
class AverageScored:
    """Loss and accuracy of an average of the weights with the fitted head and of the last ones, after `step`."""

    arm: Arm
    step: Int
    epoch: Int
    share: Real
    "of the last weights in the average"
    loss: Real
    accuracy: Real
    images: Int
    best: Bool
    "whether no earlier evaluation of this arm was better; the weights are in `best.pt` then"
    part: Part
    seconds: Real = 0.0
    metrics: Metrics = field(default_factory=dict)
    "further metrics by name"
    temperature: Temperature = 1.0
    "as in `EvalDone`"
    change: Int = 0


@dataclass(frozen=True, slots=True)
class HeadFitted:
    """The last layer is fitted to the features of the training pictures, before the first step."""

    arm: Arm
    step: Int
    accuracy: Real
    "with the fitted head; 0 if it could not be fitted"
    part: Part
    "the pictures of the accuracy"
    strength: Real
    "of the L2 penalty, chosen on a part of the training pictures"
    seconds: Real
    "duration of features, fit and evaluation"
    failure: str = ""
    "why the head could not be fitted and stays random; empty if it is fitted"
    change: Int = 0


@dataclass(frozen=True, slots=True)
class Suspect:
    """A training picture whose label the model contradicts. Classes are numbered as in `RunStarted`, from 0."""

    path: str
    label: Int
    "the class that it was trained as"
    other: Int
    "the class that the model prefers"
    margin: Real
    "mean of the logit of its label minus the largest other one, each time that it was trained on"
    loss: Real
    "mean cross entropy"
    seen: Int
    "how often it was trained on"


@dataclass(frozen=True, slots=True)
class Suspects:
    """The training pictures of an arm whose labels the model contradicts most, the worst first.

    Pictures of which a person has said what is right are not among them.
    """

    arm: Arm
    step: Int
    pictures: tuple[Suspect, ...]
    "at most 100"
    contradicted: Int
    "how many there are in all"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A scored picture that is classified wrongly. Classes are numbered as in `RunStarted`, from 0."""

    path: str
    label: Int
    "its class"
    predicted: Int
    confidence: Real
    "probability given to `predicted`"


@dataclass(frozen=True, slots=True)
class Confusion:
    """The right and wrong predictions of the evaluation after `step`, by class. Classes are numbered from 0."""

    arm: Arm
    step: Int
    images: tuple[Int, ...]
    "scored pictures of each class"
    correct: tuple[Int, ...]
    "how many of them are classified correctly"
    confused: tuple[tuple[Int, Int, Int], ...]
    "class, predicted class and number of pictures of each confused pair, most frequent first, at most 10,000 pairs"
    mistakes: tuple[Mistake, ...]
    "at most 24, the most confident first"
    predicted: Counts = ()
    "how many test pictures are classified as each class; empty if an older version wrote the event"
