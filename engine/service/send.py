"""Commands as words of a command line: the command that each word sends, and the event that confirms it."""

import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.protocol import (
    ALL_GROUPS,
    ARMS,
    HEADS,
    PART_NAMES,
    Arm,
    ArmStarted,
    BestTested,
    CheckpointFailed,
    CheckpointSaved,
    Command,
    CommandRefused,
    CorrectLabel,
    EpochsChanged,
    EvalDone,
    Evaluate,
    Event,
    FindRate,
    GroupFrozen,
    LabelCorrected,
    MicroBatchChanged,
    Pause,
    Paused,
    RateChanged,
    RatesSwept,
    Resume,
    Resumed,
    Rewind,
    Rewound,
    RunFailed,
    RunFinished,
    Save,
    ScaleRate,
    SetEpochs,
    SetFrozen,
    SetMicroBatch,
    SetRate,
    SetSteps,
    StepsChanged,
    Stop,
    StopAfterEpoch,
    StopPlanned,
    SwitchArm,
    name_of,
    other_arm,
)
from engine.protocol.sentences import message
from engine.protocol.streams import print_lines, say
from engine.service.remote.link import SocketLink
from engine.service.status import status_of

DONE, FAILED = 0, 1
SECONDS = 60.0  # to wait for an answer


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the command line, and its command."""

    help: str
    build: Callable[[Namespace], Command | None]
    "makes the command from the arguments; `None` if it depends on the run"
    answer: type[Any]
    "the event that confirms the command; fields that both have are equal"
    arguments: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    answer_with: Mapping[str, str] = field(default_factory=dict)
    "other fields that the event must have"


GROUP = {"GROUP": {"help": "a parameter group"}}
PICTURE = {"PICTURE": {"help": "a training picture: its path, whole or below the folder of the pictures"}}

WORDS: dict[str, Word] = {
    "pause": Word(
        "wait after the step in progress",
        lambda args: Pause(args.free),
        Paused,
        {"--free": {"action": "store_true", "help": "give the GPU's memory back meanwhile"}},
    ),
    "resume": Word("go on after a pause", lambda args: Resume(), Resumed),
    "save": Word(
        "write a checkpoint that nothing overwrites", lambda args: Save(), CheckpointSaved, {}, {"reason": "key"}
    ),
    "evaluate": Word("score the pictures that choose now", lambda args: Evaluate(), EvalDone),
    "test": Word("score the best weights on the test pictures now", lambda args: Evaluate(test=True), BestTested),
    "find-rate": Word("find a learning rate, in a pause", lambda args: FindRate(), RatesSwept),
    "switch": Word(
        "go on with the other arm",
        lambda args: SwitchArm(args.ARM) if args.ARM is not None else None,
        ArmStarted,
        {"ARM": {"nargs": "?", "choices": ARMS, "help": "default: the arm that is not being trained"}},
    ),
    "rate": Word(
        "give a group another base rate",
        lambda args: SetRate(args.GROUP, args.LR),
        RateChanged,
        GROUP | {"LR": {"type": float, "help": "its base learning rate"}},
    ),
    "scale": Word(
        "multiply a group's base rate, or those of all groups",
        lambda args: ScaleRate(args.GROUP, args.FACTOR),
        RateChanged,
        {"GROUP": {"help": "a parameter group, or `all`"}, "FACTOR": {"type": float, "help": "what to multiply it by"}},
    ),
    "freeze": Word("leave a group as it is", lambda args: SetFrozen(args.GROUP, True), GroupFrozen, GROUP),
    "unfreeze": Word("train a group again", lambda args: SetFrozen(args.GROUP, False), GroupFrozen, GROUP),
    "epochs": Word(
        "give the arm more or fewer epochs",
        lambda args: SetEpochs(args.N),
        EpochsChanged,
        {"N": {"type": int, "help": "its epochs in all"}},
    ),
    "steps": Word(
        "end the arm after so many steps",
        lambda args: SetSteps(args.N),
        StepsChanged,
        {"N": {"type": int, "help": "its steps in all"}},
    ),
    "micro-batch": Word(
        "send fewer pictures through the model at once",
        lambda args: SetMicroBatch(args.N),
        MicroBatchChanged,
        {"N": {"type": int, "help": "pictures at most"}},
    ),
    "rewind": Word(
        "go on from an earlier state of the arm",
        lambda args: Rewind(args.POINT, args.head),
        Rewound,
        {
            "POINT": {"help": "a restore point; `status --json` has their names"},
            "--head": {
                "choices": HEADS,
                "default": "kept",
                "help": "with `start`: what the last layer starts from; default: what the configuration says",
            },
        },
    ),
    "relabel": Word(
        "give a training picture another class from the next epoch on",
        lambda args: CorrectLabel(args.PICTURE, "wrong", args.CLASS),
        LabelCorrected,
        PICTURE | {"CLASS": {"help": "the class that it is of"}},
    ),
    "leave-out": Word(
        "train without a picture from the next epoch on",
        lambda args: CorrectLabel(args.PICTURE, "leave_out"),
        LabelCorrected,
        PICTURE,
    ),
    "keep": Word(
        "say that the class of a training picture is right",
        lambda args: CorrectLabel(args.PICTURE, "right"),
        LabelCorrected,
        PICTURE,
    ),
    "undo-label": Word(
        "take back what was said of a training picture",
        lambda args: CorrectLabel(args.PICTURE, "undecided"),
        LabelCorrected,
        PICTURE,
    ),
    "stop-after-epoch": Word(
        "end the run, saved, after the epoch in progress", lambda args: StopAfterEpoch(True), StopPlanned
    ),
    "no-stop-after-epoch": Word(
        "take that back before it has happened", lambda args: StopAfterEpoch(False), StopPlanned
    ),
    "stop": Word(
        "end the run after the step in progress, saved",
        lambda args: Stop(not args.no_save),
        RunFinished,
        {"--no-save": {"action": "store_true", "help": "without a checkpoint"}},
    ),
}


def add_words(parser: ArgumentParser, common: Callable[[ArgumentParser], None]) -> None:
    """Add a subcommand for each word; `common` adds the arguments that all of them have."""
    words = parser.add_subparsers(dest="word", metavar="WORD", required=True)
    for name, word in WORDS.items():
        one = words.add_parser(name, help=word.help, description=f"{word.help[0].upper()}{word.help[1:]}.")
        for argument, how in word.arguments.items():
            one.add_argument(argument, **how)
        common(one)


def send(folder: Path, args: Namespace, wait: bool = True, seconds: float = SECONDS) -> int:
    """Send the command of `args.word` to the run in `folder`; 0 if it was done, or sent without waiting, else 1.

    Raises:
        UserError: the run is not live.
    """
    command = WORDS[args.word].build(args) or SwitchArm(_other(folder))
    link = SocketLink(folder, watch=wait, history=False)
    try:
        link.send(command)
        if not wait:
            print_lines([f"{args.word}: sent"])
            return DONE
        # A run that waits for pictures, for example, sends no events: closing the link ends the loop over them.
        timer = threading.Timer(max(seconds, 0), link.close)
        timer.daemon = True
        timer.start()
        status = _answered(WORDS[args.word], command, link.events())
        timer.cancel()
    finally:
        link.close()
    if status is None:
        remedy = "it takes effect when the step in progress, or loading, is done"
        say(f"{args.word}: no answer within {seconds:g} s; {remedy}")
        return FAILED
    return status


def is_answer(event: Event, command: Command, word: Word) -> bool:
    """Whether the event confirms that the command was done."""
    if not isinstance(event, word.answer):
        return False
    both = set(type(command).__dataclass_fields__) & set(word.answer.__dataclass_fields__)
    wanted = {name: getattr(command, name) for name in both} | dict(word.answer_with)
    if wanted.get("group") == ALL_GROUPS:  # each group has an answer
        del wanted["group"]
    return all(getattr(event, name) == value for name, value in wanted.items())


def _answered(word: Word, command: Command, events: Iterator[Event]) -> int | None:
    """Wait for the answer and print it; `None` if there is none."""
    for event in events:
        if is_answer(event, command, word):
            print_lines([_sentence(event, command)])
            return DONE
        if _is_refusal(event, command) or isinstance(event, RunFailed):
            say(message(event))
            return FAILED
        if isinstance(event, RunFinished):
            say(f"the run is over: {message(event)}")
            return FAILED
    return None


def _is_refusal(event: Event, command: Command) -> bool:
    if isinstance(event, CommandRefused):
        return event.command == name_of(command)
    # The checkpoint that `Save` asks for, not one of those that are written all the time.
    own = isinstance(event, CheckpointFailed) and Path(event.path).name.startswith("step-")
    return own and isinstance(command, Save)


def _sentence(event: Event, command: Command) -> str:
    match event:
        case RateChanged() if isinstance(command, ScaleRate) and command.group == ALL_GROUPS:
            return f"all base rates are multiplied by {command.factor:g} from step {event.step + 1} on"
        case Paused():
            return f"paused after step {event.step}{', the GPU is given back' if event.freed else ''}"
        case Resumed():
            return f"training goes on after step {event.step}"
        case EvalDone():
            return f"accuracy {event.accuracy:.1%} on the {PART_NAMES[event.part]} pictures after step {event.step}"
        case _:
            return message(event)


def _other(folder: Path) -> Arm:
    arm = status_of(folder).arm
    if arm is None:
        raise UserError("Unclear arm", f"{folder}: the current arm is not known; name the arm to switch to")
    return other_arm(arm)
