"""A field to type into, where keys take effect in the order they are typed, however fast."""

from textual.events import Event, Key, Paste
from textual.widgets import Input


class Entry(Input):
    """An input whose keys do not overtake one another.

    Textual lets an input insert letters by itself, and the app do all else when a key has bubbled up to it, behind the
    keys that came meanwhile: over a slow line letters would go into the field before the one they are meant for.
    """

    def __init__(self, placeholder: str = "", restrict: str = "", max_length: int = 0, id: str | None = None) -> None:
        super().__init__(
            compact=True,
            placeholder=placeholder,
            restrict=restrict or None,
            max_length=max_length,
            id=id,
            select_on_focus=False,  # comes late, too; the page does it at once
        )
        self.cursor_blink = False

    async def take(self, event: Event) -> bool:
        """Do at once what an event says that has just come to the app; false where it is not for a field."""
        if isinstance(event, Key):
            bound = self.screen.active_bindings.get(event.key)
            if bound is not None and (bound.binding.priority or not event.is_printable):
                return await self.app.run_action(bound.binding.action, bound.node)
        if isinstance(event, Paste) or (isinstance(event, Key) and event.is_printable):
            await self.on_event(event)
            return True
        return False
