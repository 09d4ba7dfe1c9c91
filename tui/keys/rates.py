"""The keys that change learning rates, of the chosen group or of all groups."""

from collections.abc import Callable

from engine.figures.arm import ArmView
from engine.protocol import ALL_GROUPS, Command, ScaleRate, SetRate
from tui import refusals as no
from tui.format import next_nice, rate
from tui.keys.key import Key
from tui.state import UiState

LOWEST_RATE, HIGHEST_RATE = 1e-9, 100.0


def _view(state: UiState) -> ArmView:
    assert state.view is not None, "refused without a run"
    return state.view


def _next_rate(now: float, up: bool) -> float:
    return min(max(next_nice(max(now, LOWEST_RATE), up), LOWEST_RATE), HIGHEST_RATE)


def _changed_rate(state: UiState, up: bool) -> float:
    return _next_rate(_view(state).base_rate(state.selected), up)


def _set_rate(up: bool) -> Callable[[UiState], Command]:
    return lambda state: SetRate(state.selected, _changed_rate(state, up))


def _rate_answer(up: bool) -> Callable[[UiState], str]:
    return lambda state: f"{state.selected}: base rate {rate(_changed_rate(state, up))} after this step…"


def _scale_all(up: bool) -> Callable[[UiState], Command]:
    return lambda state: ScaleRate(ALL_GROUPS, _largest(state, up) / _largest(state))


def _scale_answer(up: bool) -> Callable[[UiState], str]:
    return lambda state: f"all rates: {_view(state).largest_group} {rate(_largest(state, up))} after this step…"


def _largest(state: UiState, up: bool | None = None) -> float:
    """The largest base rate, or the next one above or below it."""
    now = _view(state).base_rate(_view(state).largest_group)
    return now if up is None else _next_rate(now, up)


def _at_the_end(up: bool) -> Callable[[UiState], str]:
    """Why the chosen group's rate cannot be changed any further."""

    def why(state: UiState) -> str:
        if reason := no.not_training(state):
            return reason
        now = _view(state).base_rate(state.selected)
        return _no_farther(up) if _changed_rate(state, up) == now else ""

    return why


def _all_at_the_end(up: bool) -> Callable[[UiState], str]:
    return lambda state: no.no_rates(state) or (_no_farther(up) if _largest(state, up) == _largest(state) else "")


def _no_farther(up: bool) -> str:
    return f"{rate(HIGHEST_RATE if up else LOWEST_RATE)} is the {'highest' if up else 'lowest'} base rate"


RATES: tuple[Key, ...] = (
    Key("previous_group", ("[",), "[", "group", "Choose the parameter group above."),
    Key("next_group", ("]",), "]", "group", "Choose the parameter group below."),
    Key(
        "lower_rate",
        ("-",),
        "-",
        "rate",
        "Lower the chosen group's base learning rate: 5e-4, 2e-4, 1e-4, 5e-5 and so on.",
        build=_set_rate(up=False),
        refusal=_at_the_end(up=False),
        answer=_rate_answer(up=False),
    ),
    Key(
        "raise_rate",
        ("+", "="),
        "+",
        "rate",
        "Raise the chosen group's base learning rate: 1e-4, 2e-4, 5e-4, 1e-3 and so on.",
        build=_set_rate(up=True),
        refusal=_at_the_end(up=True),
        answer=_rate_answer(up=True),
    ),
    Key(
        "lower_all_rates",
        ("_",),
        "_",
        "all",
        "Lower all groups' base rates together: the largest as - does, the others in proportion.",
        build=_scale_all(up=False),
        refusal=_all_at_the_end(up=False),
        answer=_scale_answer(up=False),
        rank=4,
    ),
    Key(
        "raise_all_rates",
        ("*",),
        "*",
        "all",
        "Raise all groups' base rates together: the largest as + does, the others in proportion.",
        build=_scale_all(up=True),
        refusal=_all_at_the_end(up=True),
        answer=_scale_answer(up=True),
        rank=4,
    ),
)
