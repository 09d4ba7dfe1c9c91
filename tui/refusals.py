"""Why a key can do nothing now, in words; an empty text where it can."""

from pathlib import Path
from typing import Literal

from tui.activity import ENDED, OVER
from tui.state import UiState

Access = Literal["own", "attached", "read-only", "view"]
"`own`: this process trains; `attached` and `read-only`: another one does; `view`: the run is over"
LOCKED: dict[Access, str] = {
    "read-only": "this view is read-only",
    "view": "this run is over, it is only looked at",
}
"why no key steers the run"


def without_run(state: UiState) -> str:
    """For what needs an engine with a current arm."""
    if state.phase in ENDED:
        return "the run has ended"
    return "" if state.view else "the run has not started yet"


def no_label(state: UiState) -> str:
    """For labelling a picture with the run's best weights."""
    if state.run is None:
        return "the run has not started yet"
    if state.live and not state.paused and state.phase != "finished":
        return "training is not paused; p pauses it"
    return elsewhere(state)


def not_over(state: UiState) -> str:
    """For the summary of a run."""
    if state.view is None:
        return "the run has not started yet"
    return "" if state.phase in OVER else "the arm has not done its epochs"


def elsewhere(state: UiState) -> str:
    """For what needs the run's folder."""
    there = state.run is not None and Path(state.run.path).is_dir()
    return "" if there else "the run's folder is not on this machine"


def no_clinic(state: UiState) -> str:
    """For the label clinic."""
    return "the run has not started yet" if state.run is None else ""


def not_training(state: UiState) -> str:
    """For changes of training that is still to come."""
    reason = without_run(state)
    return reason or ("this arm has done all its epochs" if state.phase == "finished" else "")


def other_arm_done(state: UiState) -> str:
    """For a switch to the other arm."""
    if reason := without_run(state):
        return reason
    done = (view.arm for arm, view in state.arms.items() if arm != state.arm and view.finished)
    return next((f"{arm} has done all its epochs" for arm in done), "")


def nothing_to_free(state: UiState) -> str:
    """For a pause that gives the GPU's memory back."""
    if reason := not_training(state):
        return reason
    if state.run is not None and state.run.device.startswith("cpu"):
        return "this run computes on the cpu, there is no GPU to free"
    return "the GPU's memory is given back already" if state.freed else ""


def evaluating(state: UiState) -> str:
    """For an evaluation."""
    return without_run(state) or ("pictures are being scored already" if state.phase == "evaluating" else "")


def testing(state: UiState) -> str:
    """For a score of the best weights on the test pictures."""
    if reason := evaluating(state):
        return reason
    if state.part == "test":
        return "without validation pictures, each epoch scores the test pictures"
    return "" if state.view is not None and state.view.best else "there are no best weights yet"


def no_sweep(state: UiState) -> str:
    """For the learning-rate finder."""
    if reason := not_training(state):
        return reason
    if not state.paused:
        return "training is not paused; p pauses it"
    if state.freed:
        return "the GPU is given back; p takes it again"
    return "the test pictures are being scored" if state.phase == "evaluating" else ""


def no_rates(state: UiState) -> str:
    """For changing the rates of all groups."""
    if (reason := not_training(state)) or state.view is None:
        return reason
    return "" if state.view.base_rate(state.view.largest_group) else "all rates are 0"


def last_trained(state: UiState) -> str:
    """For freezing the chosen group, or training it again."""
    if (reason := not_training(state)) or state.view is None:
        return reason
    trained = [group.name for group in state.view.groups.values() if not group.frozen]
    return "nothing would be trained" if trained == [state.selected] else ""


def epoch_begun(state: UiState) -> str:
    """For training one epoch less."""
    if (reason := not_training(state)) or state.view is None:
        return reason
    epoch = state.view.epoch
    return f"epoch {epoch} has begun" if state.view.wanted_epochs <= epoch else ""


def backbone_frozen(state: UiState) -> str:
    """For what needs a backbone that is trained."""
    groups = state.view.backbone if state.view else {}
    if not groups:
        return "this arm has no backbone"
    return "the backbone is frozen; f trains it again" if all(group.frozen for group in groups.values()) else ""
