"""The middle of the screen: the panes, placed for its size and as the user wants them."""

from collections.abc import Mapping
from dataclasses import replace

from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.layout import Place, Want, arrange
from tui.panels import BODY
from tui.panels.panel import Host, View
from tui.panels.why import Why
from tui.panes import PANES, Pane
from tui.state import UiState

NOTHING = "All panes are hidden; the keys 1 to 9 and 0 show them."
WHY = "why"  # the line under the plots, which is no pane
BOX, RULE = 2, 1  # rows of a frame: a box around the pane, or a line above it


class _AsPlanned(Layout):
    """Puts each pane where the body wants it."""

    name = "as-planned"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        assert isinstance(parent, Body)
        places = parent.plan(size)
        return [
            WidgetPlacement(Region(*places[pane.id]), NULL_OFFSET, NULL_SPACING, pane)
            for pane in children
            if pane.id in places
        ]


class Body(Widget):
    """Shows the panes that there is room for, or only the zoomed one."""

    def __init__(self, host: Host) -> None:
        """`host` is what the panes may ask of the app."""
        super().__init__(id="body")
        self._host = host
        self.places: dict[str, Place] = {}
        "where each pane lies that is shown"
        self.zoomed = ""
        "name of the pane that fills the body; empty: none does"
        self._chosen: dict[str, bool] = {}
        self._rows: dict[str, int] = {}
        self._views: dict[str, View] = {}
        self._why = Why()
        self._has_why = False
        "whether there is a line under the plots"
        self._layout_as_planned = _AsPlanned()

    @property
    def layout(self) -> Layout:
        """Panes lie where `plan` puts them; the style sheet has no say."""
        return self._layout_as_planned

    def compose(self) -> ComposeResult:
        """All panes, shown or not."""
        for pane in PANES:
            view = BODY[pane.name]()
            view.id, view.digit, view.host, view.can_focus = pane.name, pane.digit, self._host, False
            self._views[pane.name] = view
            yield view
        self._why.id, self._why.can_focus = WHY, False
        yield self._why

    def render(self) -> Content:
        """A sentence where no pane is shown."""
        rows = max((self.size.height - 1) // 2, 0)
        return Content("\n" * rows + NOTHING.center(self.size.width).rstrip()) if not self.places else Content("")

    def plan(self, size: Size) -> dict[str, Place]:
        """Where the panes and the line under the plots lie in this size. What is not shown cannot have the focus."""
        frame = RULE if self.app.screen_stack[0].has_class("-short") else BOX
        wants, before = [self._want(pane) for pane in PANES], self.places
        height = size.height - self._has_why
        places = arrange(size.width, height, wants, frame=frame, chosen=self._chosen, zoomed=self.zoomed)
        line = _under_the_plots(places, height)
        self.places = {
            name: place._replace(y=place.y + self._has_why * (place.y >= line)) for name, place in places.items()
        }
        if bool(before) != bool(self.places):
            self.call_later(self.refresh)  # the sentence that stands in place of panes comes or goes
        for name, view in self._views.items():
            view.can_focus = name in self.places
            if view.has_focus and name not in self.places:
                self.screen.set_focus(None)
        return self.places | ({WHY: Place(0, line, size.width, 1)} if self._has_why else {})

    def _want(self, pane: Pane) -> Want:
        want, rows = pane.want, self._rows.get(pane.name, 0)
        if not rows:
            return want
        return replace(want, least=min(want.least, rows), rows=rows)

    def draw(self, state: UiState, now: float, plots: bool) -> None:
        """Let the shown panes draw what changed; `plots`: also those that are expensive to draw."""
        rows = {name: view.wanted_rows(state) for name, view in self._views.items()}
        has_why = state.why.verdict is not None
        if (rows, has_why) != (self._rows, self._has_why):
            self._rows, self._has_why = rows, has_why
            self._place()
        for pane in PANES:
            view = self._views[pane.name]
            if pane.name in self.places and (plots or not pane.expensive) and view.is_attached:
                view.show(state, now)
        if has_why and self._why.is_attached:
            self._why.show(state, now)

    @property
    def focused(self) -> View | None:
        """The pane that has the keyboard."""
        return next((view for view in self._views.values() if view.has_focus), None)

    def toggle(self, name: str) -> None:
        """Show a pane, before all others, or hide it."""
        on = name not in self.places or bool(self.zoomed and self.zoomed != name)
        self._chosen.pop(name, None)
        self._chosen[name] = on
        self.zoom("")

    def reset(self) -> None:
        """Forget which panes the user has switched on or off."""
        self._chosen.clear()
        self.zoom("")

    def zoom(self, name: str) -> None:
        """Let a pane fill the body; an empty name ends that."""
        self.zoomed = name
        self._place()

    def _place(self) -> None:
        """Place the panes again: Textual does so only when one of them asks for it."""
        next(iter(self._views.values())).refresh(layout=True)


def _under_the_plots(places: Mapping[str, Place], height: int) -> int:
    """The first row below the plots; where there are none, the last row."""
    return max(
        (place.y + place.height for pane in PANES if pane.expensive and (place := places.get(pane.name))),
        default=height,
    )
