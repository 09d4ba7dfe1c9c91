"""The words of the command line for a live run: the command that each sends, and the event that confirms it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.protocol import (
    ALL_GROUPS,
    ARMS,
    HEADS,
    ArmStarted,
    BestTested,
    CheckpointSaved,
    Command,
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
    bounds,
)


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
        GROUP | {"LR": {"type": bounds.real_argument(bounds.rate), "help": "its base learning rate"}},
    ),
    "scale": Word(
        "multiply a group's base rate, or those of all groups",
        lambda args: ScaleRate(args.GROUP, args.FACTOR),
        RateChanged,
        {
            "GROUP": {"help": "a parameter group, or `all`"},
            "FACTOR": {"type": bounds.real_argument(bounds.factor), "help": "what to multiply it by"},
        },
    ),
    "freeze": Word("leave a group as it is", lambda args: SetFrozen(args.GROUP, True), GroupFrozen, GROUP),
    "unfreeze": Word("train a group again", lambda args: SetFrozen(args.GROUP, False), GroupFrozen, GROUP),
    "epochs": Word(
        "give the arm more or fewer epochs",
        lambda args: SetEpochs(args.N),
        EpochsChanged,
        {"N": {"type": bounds.whole_argument(bounds.epochs), "help": "its epochs in all"}},
    ),
    "steps": Word(
        "end the arm after so many steps",
        lambda args: SetSteps(args.N),
        StepsChanged,
        {"N": {"type": bounds.whole_argument(bounds.steps), "help": "its steps in all"}},
    ),
    "micro-batch": Word(
        "send fewer pictures through the model at once",
        lambda args: SetMicroBatch(args.N),
        MicroBatchChanged,
        {"N": {"type": bounds.whole_argument(bounds.micro_batch), "help": "pictures at most"}},
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


def is_answer(event: Event, command: Command, word: Word) -> bool:
    """Whether the event confirms that the command was done."""
    if not isinstance(event, word.answer):
        return False
    both = set(type(command).__dataclass_fields__) & set(word.answer.__dataclass_fields__)
    wanted = {name: getattr(command, name) for name in both} | dict(word.answer_with)
    if wanted.get("group") == ALL_GROUPS:  # each group has an answer
        del wanted["group"]
    return all(getattr(event, name) == value for name, value in wanted.items())
