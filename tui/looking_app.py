"""An app with colours and characters that its terminal can show and the user wants."""

import os
from collections.abc import Callable, Sequence

from textual.driver import Driver
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from tui.looks import Looks
from tui.terminal.ascii import Ascii
from tui.terminal.controls import NoControls
from tui.terminal.ending import EndableApp
from tui.terminal.graphics import Pictures, Way, cell_pixels, way
from tui.theme import DARK, SIXTEEN, THEMES, variables


class LookingApp(EndableApp):
    """Has our themes, and uses only the colours and characters that its looks allow."""

    def __init__(
        self, looks: Looks, abandon: Callable[[], None] = lambda: None, driver: type[Driver] | None = None
    ) -> None:
        """`abandon` gives up a terminal that nobody reads."""
        super().__init__(abandon, driver)
        self.looks = looks
        self.pictures: Pictures = "auto" if looks.pictures else "none"
        "how the user wants pictures to be drawn"
        self._ascii, self._no_colour = Ascii(looks.ascii), NoColor(self.no_color)
        self._no_controls = NoControls()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = looks.theme or self._fitting_theme().name
        if looks.low_bandwidth:
            self.animation_level = "none"

    def _fitting_theme(self) -> Theme:
        few = self.looks.low_bandwidth or self.no_color or self.console.color_system == "standard"
        return SIXTEEN if few else DARK

    def picture_way(self) -> Way:
        """How pictures are drawn, as this terminal can show them."""
        colours = None if self.no_color else self.console.color_system
        return way(self.pictures, os.environ, colours, cell_pixels())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that lack them."""
        return variables(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, except that NO_COLOR means no colour instead of greys; then ours."""
        filters = [filter for filter in super().get_line_filters() if not isinstance(filter, Monochrome | NoColor)]
        return [*filters, *(own for own in (self._no_colour, self._ascii, self._no_controls) if own.enabled)]
