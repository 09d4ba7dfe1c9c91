"""A text field in which keys take effect in the order in which they are typed, however fast."""

from textual.events import Event, Key, Paste
from textual.widgets import Input


class Entry(Input):
    """An input whose keys do not overtake each other.

    In Textual an input inserts letters at once, but a key such as Tab has its effect only when it has bubbled up to the
    app. Letters that are typed meanwhile, as over a slow line, would go into the field that Tab is about to leave.
    """

    def __init__(self, placeholder: str = "", restrict: str = "", max_length: int = 0, id: str | None = None) -> None:
        super().__init__(
            compact=True,
            placeholder=placeholder,
            restrict=restrict or None,
            max_length=max_length,
            id=id,
            select_on_focus=False,  # would come too late; the page selects at once
        )
        self.cursor_blink = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is for the text: a question mark is the key for help on every page."""
        return key != "question_mark" and super().check_consume_key(key, character)

    async def take(self, event: Event) -> bool:
        """Handle a key or a paste that has just come to the app; false where it is not for a field."""
        if isinstance(event, Key):
            bound = self.screen.active_bindings.get(event.key)
            if bound is not None and (bound.binding.priority or not event.is_printable):
                return await self.app.run_action(bound.binding.action, bound.node)
        if isinstance(event, Paste) or (isinstance(event, Key) and event.is_printable):
            await self.on_event(event)
            return True
        return False
