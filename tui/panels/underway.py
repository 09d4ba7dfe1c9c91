"""Something slow that is under way: what it is, how far, how fast, and how long it has taken."""

from textual.content import Content

from engine.protocol import Loading
from tui.figures.pace import BYTES, Pace
from tui.format import clock, coarse, elapsed, mebibytes, speed
from tui.panels.panel import filled_bar
from tui.state import UiState


def slow(state: UiState) -> Loading | None:
    """What is under way instead of a step or an evaluation."""
    if state.view is None or state.run is None:
        return state.loading if state.phase == "loading" and state.loading.what else None
    if state.busy is not None:
        return state.busy
    if state.phase == "compiling":
        return Loading("compiling the training step")
    if state.sweep is not None and not state.sweep.over:
        return Loading("finding a learning rate", len(state.sweep.rates), state.sweep.total)
    if state.preparing is not None and state.preparing.what == "features":
        return Loading("computing features", state.preparing.done, state.preparing.total)
    return None


def described(loading: Loading, pace: Pace, now: float, width: int) -> list[Content]:
    """Its name, a bar, and figures; where nothing can be counted, its name and the seconds so far."""
    pace.see(loading.what, loading.done, now)
    if not loading.total:
        so_far = f" {loading.done:,} so far," if loading.done else ""
        return [Content.assemble((f"{loading.what}…", "bold"), f"{so_far} {elapsed(pace.seconds)}")]
    return [
        Content.assemble((loading.what, "bold")),
        filled_bar(loading.done / loading.total, width, "$primary"),
        Content.assemble((_figures(loading, pace), "$muted")),
    ]


def _figures(loading: Loading, pace: Pace) -> str:
    done, total = f"{loading.done:,}", f"{loading.total:,}"
    fast = f"{speed(pace.per_second)}/s"
    if loading.what.startswith(BYTES):
        done, total = mebibytes(loading.done), f"{mebibytes(loading.total)} MiB"
        fast = f"{speed(pace.per_second / 2**20)} MiB/s"
    parts = [f"{done}/{total}"]
    if pace.per_second:
        left = (loading.total - loading.done) / pace.per_second
        parts += [fast, f"{clock(coarse(left))} left"]
    return "  ".join(parts)
