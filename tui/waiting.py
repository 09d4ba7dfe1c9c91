"""Which event answers a command. Loads no Textual."""

from engine.protocol import (
    ArmFinished,
    ArmStarted,
    BestTested,
    CheckpointFailed,
    CheckpointSaved,
    Command,
    CommandRefused,
    EvalDone,
    Evaluate,
    Evaluating,
    Event,
    FindRate,
    Pause,
    Paused,
    RatesSwept,
    Resume,
    Resumed,
    Rewind,
    Rewound,
    RunFailed,
    RunFinished,
    Save,
    SwitchArm,
    TrainStep,
)

WAITED_FOR = (Pause, Resume, SwitchArm, Save, Evaluate, FindRate, Rewind)
"commands whose effect may take a while"


def answered(command: Command, event: Event) -> bool:
    """Whether an event says that a command took effect or was refused."""
    match command, event:
        case _, CommandRefused() | ArmFinished() | RunFinished() | RunFailed():
            return True
        case Pause(), Paused():
            return event.freed or not command.free
        case Resume(), Resumed() | TrainStep():
            return True
        case SwitchArm(), ArmStarted():
            return event.arm == command.arm
        case Save(), CheckpointSaved():
            return event.reason == "key"
        case FindRate(), RatesSwept():
            return True
        case (Save(), CheckpointFailed()) | (Rewind(), Rewound()):
            return True
        case Evaluate(), Evaluating() | EvalDone() | BestTested():
            return True
        case _:
            return False
