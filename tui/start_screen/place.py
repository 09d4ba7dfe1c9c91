"""The page for the path of a folder of pictures or of a configuration: typed with completion, or chosen."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import EngineError
from tui.aside import aside
from tui.start_screen.entry import Entry
from tui.start_screen.page import Key, Page
from tui.start_screen.paths import complete, configurations, longest, recent_folders
from tui.start_screen.recipe import as_argument, check


class PlacePage(Page):
    """A field that keeps the focus, and a list of paths."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]
    keys: ClassVar[Sequence[Key]] = (
        Key("Tab", "complete", "Complete the path: to the highlighted one, or as far as all of the list agree."),
        Key(
            "Up Down",
            "choose",
            "Highlight a path of the list: those used before, or those that complete what is typed.",
        ),
        Key("Enter", "go on", "Look at the highlighted path, or at the typed one: its pictures and settings follow."),
        Key("Esc", "back", "Go back to the first page."),
    )

    def __init__(self, root: Path, *, files: bool) -> None:
        """`root` is the folder of the runs; `files`: a configuration is wanted, else a folder of pictures."""
        super().__init__("a configuration" if files else "a folder of pictures")
        self._root, self._files = root, files
        self._options: list[str] = []

    def parts(self) -> Sequence[Widget]:
        """The question, the input, and the list."""
        question = "Which YAML file?" if self._files else "Which folder has a folder of pictures for each class?"
        list_of_paths = OptionList(markup=False)
        list_of_paths.can_focus = False
        return [
            Static(question, classes="question"),
            Entry(placeholder="a path; ~ is your home folder"),
            Static(id="offer"),
            list_of_paths,
        ]

    def on_mount(self) -> None:
        """Offer paths that were used before."""
        self.query_one(Input).focus()
        self._follow()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer completions of the path."""
        self.say("")
        self._follow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the highlighted path, or the typed one."""
        chosen = self.query_one(OptionList).highlighted
        self._take(self._options[chosen] if chosen is not None else event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click."""
        self._take(self._options[event.option_index])

    def action_complete(self) -> None:
        """Complete the path: to the highlighted one, or to what all offered paths begin with."""
        field, chosen = self.query_one(Input), self.query_one(OptionList).highlighted
        self._type(self._options[chosen] if chosen is not None else longest(field.value, self._options))

    def action_move(self, by: int) -> None:
        """Highlight the next path or the one before; above the first one, highlight none."""
        paths = self.query_one(OptionList)
        place = (-1 if paths.highlighted is None else paths.highlighted) + by
        if self._options:
            paths.highlighted = min(place, len(self._options) - 1) if place >= 0 else None

    def _take(self, path: str) -> None:
        """Go on with a path. A folder that was offered, not typed, is only opened first."""
        field = self.query_one(Input)
        if not path:
            self.say(f"Type the path of a {'YAML file' if self._files else 'folder'}, or choose one of the list.")
        elif path != field.value and path.endswith("/") and field.value:
            self._type(path)
        elif path.endswith("/") and self._files:
            self._type(path)
            self.say(f"{path} is a folder; name a YAML file in it.")
        else:
            self._type(path)
            self.run_worker(self._go_on(path), exclusive=True, group="go on")

    async def _go_on(self, path: str) -> None:
        path = as_argument(path if path == "/" else path.rstrip("/"))
        words = [path] if self._files else ["--data", path]
        if await self.sound(words) and await self._has_pictures(words):
            self.review(words, path)

    async def _has_pictures(self, words: Sequence[str]) -> bool:
        """Look for the pictures; where they cannot be trained on, say what was looked for, and what was found."""
        from engine.cli.preview import find  # with what lists pictures

        self.say("looking for pictures…")
        try:
            await aside(find, check(words).config)
        except EngineError as error:
            self.say(str(error))
            return False
        self.say("")
        return True

    def _type(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def _follow(self) -> None:
        self.run_worker(self._offer(self.query_one(Input).value), exclusive=True, group="offer")

    async def _offer(self, text: str) -> None:
        if text:
            found, title = await aside(complete, text, self._files), ""
        elif self._files:
            found, title = await aside(configurations), "here:"
        else:
            found, title = await aside(recent_folders, self._root), "used before:"
        self._options = found
        offer = self.query_one("#offer", Static)
        offer.update(title)
        offer.display = bool(found and title)
        paths = self.query_one(OptionList)
        paths.set_options(Option(Content(path)) for path in found)
        paths.highlighted = None
        words = [text or ("CONFIG" if self._files else "DIR")]
        self.show_command(words if self._files else ["--data", *words])
