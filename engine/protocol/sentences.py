"""Events as sentences for people."""

from engine.protocol import (
    ArmFinished,
    ArmStarted,
    AverageScored,
    BestTested,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    CommandRefused,
    CompileChosen,
    Compiled,
    ControlFailed,
    Diverged,
    EpochDone,
    EpochsChanged,
    Event,
    FolderAwaited,
    Group,
    GroupFrozen,
    HeadFitted,
    HookFailed,
    ImageSkipped,
    JournalFailed,
    LabelCorrected,
    LoaderStuck,
    MicroBatchChanged,
    PeerRefused,
    PicturesNoted,
    PicturesPrepared,
    RankSilent,
    RateChanged,
    RatesSwept,
    Rewound,
    RunFailed,
    RunFinished,
    RunStarted,
    Setting,
    SettingsChanged,
    StepsChanged,
    StopPlanned,
    TimeLimited,
)
from engine.protocol.ages import age
from engine.protocol.arms import EVALUATION_LOSS
from engine.protocol.end_sentence import end_sentence, on
from engine.protocol.printable import printable, printable_lines
from engine.protocol.values import number_text

CONFIGURATION = "configuration"
"the `why` of a base rate that nobody has changed"


def epoch_line(event: EpochDone) -> str:
    """An epoch as one line."""
    train = f"train loss {event.train_loss:.4f} accuracy {event.train_accuracy:.1%}"
    scored = f"{event.part} loss {event.test_loss:.4f} accuracy {event.test_accuracy:.1%}"
    speed = f"{event.images_per_second:.0f} images/s  {event.seconds:.0f} s"
    return f"{event.arm:<10} epoch {event.epoch}/{event.epochs}  {train}  {scored}  {speed}"


def message(event: Event) -> str:
    """The event in a sentence for people; empty for progress, for an epoch, and for what needs no words.

    What a terminal could obey, in a name or in the words of a library, is shown as text.
    """
    return printable_lines(_of_run(event) or _of_arm(event) or _of_command(event) or _of_file(event))


def _of_run(event: Event) -> str:
    """About the run as a whole, and who watches it."""
    match event:
        case RunStarted():
            resumed = f", resumed from {event.resumed_from}" if event.resumed_from else ""
            counts = {"training": event.train_images, "validation": event.val_images, "test": event.test_images}
            parts = " and ".join(f"{count} {name}" for name, count in counts.items() if count)
            return (
                f"{event.name}: {event.model} on {event.device} ({event.precision}), {len(event.classes)} classes, "
                f"{parts} pictures, in {event.path}{resumed}"
            )
        case SettingsChanged():
            return "; ".join(map(_setting, event.settings))
        case TimeLimited():
            return event.message
        case HookFailed():
            return f"hooks.{event.hook}: {event.message}"
        case ControlFailed():
            return f"nobody can attach to this run: {event.message}"
        case FolderAwaited():
            return event.message
        case PeerRefused():
            return f"sent {event.who} away from the control socket: {event.reason} ({event.count} so far)"
        case RankSilent(seconds=0.0):
            return f"rank {event.rank} on {event.host} answers again"
        case RankSilent():
            return f"waits for rank {event.rank} on {event.host} for {age(event.seconds)}; it was {event.doing}"
        case RunFinished():
            return end_sentence(event)
        case RunFailed():
            return f"{event.title}: {event.message}"
        case _:
            return ""


def _of_arm(event: Event) -> str:
    """About how an arm is trained."""
    match event:
        case ArmStarted():
            rates = ", ".join(_rate(group, resumed=event.step > 0) for group in event.groups)
            return f"{event.arm}: {event.init}; learning rates: {rates}"
        case CompileChosen(worth=True):
            beside = "" if event.waits else ", training goes on meanwhile"
            return f"{event.arm}: compiling the training step{beside} ({event.reason})"
        case Compiled(failure=""):
            return f"{event.arm}: compiled in {event.seconds:.0f} s"
        case Compiled():
            return f"{event.arm}: the training step is not compiled: {event.failure}"
        case Diverged() if event.what == EVALUATION_LOSS:
            return (
                f"the evaluation after step {event.step} has the loss {number_text(event.value)}: some answers of the "
                "model are not numbers; use a larger data.batch_size or data.image_size, or lower learning rates"
            )
        case Diverged():
            again = f", {event.times} times since an epoch was done" if event.times > 1 else ""
            return (
                f"step {event.step + 1} left the weights alone: the {event.what} is {number_text(event.value)}{again}"
            )
        case ArmFinished():
            none = "no best weights are on the disk"
            best = none if event.best_accuracy is None else f"best {event.best_accuracy:.1%}"
            return f"{event.arm} has done all its epochs: {on(event.part)}accuracy {event.accuracy:.1%}, {best}"
        case BestTested():
            return (
                f"{event.arm}: the best weights (step {event.step}) classify {event.accuracy:.1%} of "
                f"{event.images} test pictures correctly"
            )
        case AverageScored():
            return (
                f"{event.arm}: {on(event.part)}accuracy {event.accuracy:.1%} with the average of {event.share:.0%} "
                f"last weights and {1 - event.share:.0%} fitted head{', the best so far' if event.best else ''}"
            )
        case HeadFitted(failure=""):
            return (
                f"{event.arm}: {on(event.part)}accuracy {event.accuracy:.1%} with the fitted head alone, after "
                f"{event.seconds:.0f} s"
            )
        case HeadFitted():
            return f"{event.arm}: the head starts at random: {event.failure}"
        case _:
            return ""


def _of_command(event: Event) -> str:
    """About what a command, the schedule or the watchdog changed."""
    match event:
        case RateChanged():
            why = f": {event.why}" if event.why else ""
            return f"{event.group} has base rate {event.base_lr:g} from step {event.step + 1} on{why}"
        case GroupFrozen():
            return f"{event.group} is {'frozen' if event.frozen else 'trained again'} from step {event.step + 1} on"
        case EpochsChanged():
            return f"{event.arm} trains {event.epochs} epochs in all{': ' if event.reason else ''}{event.reason}"
        case StepsChanged(planned=False):
            return f"{event.arm} trains {event.steps} steps in all: {event.reason}"
        case MicroBatchChanged():
            most = f"at most {event.pictures} pictures go through the model at once from step {event.step + 1} on"
            return f"{most}: {event.reason}"
        case RatesSwept(suggestion=None):
            return f"no learning rate is suggested: {event.reason}"
        case RatesSwept():
            return f"suggested base rate of {event.group}: {event.suggestion:g}, the other groups' in proportion"
        case StopPlanned():
            return f"the run {'ends' if event.planned else 'does not end'} after epoch {event.epoch}"
        case Rewound():
            kept = f"branch {event.left} is kept up to step {event.left_step}"
            return f"branch {event.branch} from step {event.step}: {event.reason}; {kept}"
        case LabelCorrected():
            return _of_label(event)
        case CommandRefused():
            return f"{event.command.replace('_', ' ')} refused: {event.reason}"
        case _:
            return ""


def _of_label(event: LabelCorrected) -> str:
    name, when = printable(event.path), f"from epoch {event.epoch} on"
    match event.verdict:
        case "right":
            return f"the label of {name} is right"
        case "wrong":
            return f"{name} is of the class {printable(event.label)} {when}"
        case "leave_out":
            return f"{name} is left out {when}"
        case "undecided":
            return f"{name} is again of the class that it was found with {when}"


def _of_file(event: Event) -> str:
    """About pictures, checkpoints and the journal."""
    match event:
        case LoaderStuck():
            return f"no batch has come for {event.seconds:.0f} s{_stuck_files(event.paths)}"
        case PicturesPrepared() if event.reason:
            kept = f"{event.prepared} of {event.pictures} pictures are kept prepared"
            return f"{kept}, the others are decoded as needed: {event.reason}"
        case PicturesNoted():
            return event.message
        case ImageSkipped():
            return f"skipped {printable(event.path)}: {event.reason} ({event.count} so far)"
        case CheckpointSaved(reason="key" | "stop"):
            return f"saved {event.path} at step {event.step}"
        case CheckpointFailed() | JournalFailed():
            return f"not saved: {event.message}"
        case CheckpointDamaged():
            return f"passed over: {event.message}"
        case _:
            return ""


def _rate(group: Group, resumed: bool) -> str:
    """A group's rate, and where it comes from if the arm goes on or somebody has changed it."""
    why = f" ({group.why})" if group.why and (resumed or group.why != CONFIGURATION) else ""
    return f"{group.name} {group.base_lr:g}{' frozen' if group.frozen else ''}{why}"


def _stuck_files(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f": waiting for {printable(paths[0])}{more}" if paths else ""


def _setting(setting: Setting) -> str:
    what = f"{setting.before} is now {setting.now}" if setting.applied else f"stays {setting.before}"
    return f"{setting.key} {what}: {setting.effect}"
