"""Commands as what a person did, in words."""

from engine.protocol import (
    ALL_GROUPS,
    Command,
    CorrectLabel,
    Evaluate,
    FindRate,
    Pause,
    Release,
    Resume,
    Rewind,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    SetSteps,
    Stop,
    StopAfterEpoch,
    SwitchArm,
)
from engine.protocol.printable import printable


def _of_label(command: CorrectLabel) -> str:
    name = printable(command.picture)
    match command.verdict:
        case "right":
            return f"kept the label of {name}"
        case "wrong":
            return f"gave {name} the class {printable(command.label)}"
        case "leave_out":
            return f"left {name} out"
        case "undecided":
            return f"took back what was said of the label of {name}"


def words(command: Command) -> str:
    """A command as what a person did."""
    match command:
        case Pause():
            return "paused" + (" and gave the GPU's memory back" if command.free else "")
        case Resume():
            return "went on after the pause"
        case Save():
            return "saved a checkpoint"
        case Evaluate():
            return "scored the best weights on the test pictures" if command.test else "scored the pictures that choose"
        case FindRate():
            return "looked for a learning rate"
        case SwitchArm():
            return f"switched to the {command.arm} arm"
        case SetRate():
            return f"set the base rate of {command.group} to {command.base_lr:g}"
        case ScaleRate():
            of = "of all groups" if command.group == ALL_GROUPS else f"of {command.group}"
            return f"multiplied the base rate {of} by {command.factor:g}"
        case SetFrozen():
            return f"froze {command.group}" if command.frozen else f"trained {command.group} again"
        case SetEpochs():
            return f"set the epochs of the arm to {command.epochs}"
        case SetSteps():
            return f"set the steps of the arm to {command.steps}"
        case SetMicroBatch():
            return f"sent at most {command.pictures} pictures through the model at once"
        case Rewind():
            head = "" if command.head == "kept" else f", with a head that is {command.head}"
            return f"went back to {command.point}{head}; a new branch begins"
        case StopAfterEpoch():
            return "planned to stop after the epoch" if command.planned else "took the planned stop back"
        case Stop():
            return "stopped the run" + ("" if command.save else " without a checkpoint")
        case CorrectLabel():
            return _of_label(command)
        case Release():
            return "left the run"
