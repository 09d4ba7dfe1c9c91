"""Events as the screen may show them. Loads no Textual."""

from dataclasses import replace
from typing import Any, get_args, get_type_hints

from engine.protocol import Event
from engine.protocol.printable import printable, printable_lines

# Of these the screen opens files; where it shows them, it makes them printable.
PLACES = frozenset({"path", "checkpoint", "resumed_from"})
FIELDS: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(
        name for name, hint in get_type_hints(kind).items() if hint in (str, tuple[str, ...]) and name not in PLACES
    )
    for kind in get_args(Event)
}
"fields that may have text from outside; most events of a run have none: a step has numbers"


def escaped(event: Event) -> Event:
    """The event with its texts printable (names of classes, of the run, of the machine, words of libraries).

    Paths stay as they are, and so do those of pictures that are classified wrongly.
    """
    changed: dict[str, Any] = {}
    for name in FIELDS[type(event)]:
        value = getattr(event, name)
        shown = printable_lines(value) if isinstance(value, str) else tuple(map(printable, value))
        if shown != value:
            changed[name] = shown
    same: Any = event
    return replace(same, **changed) if changed else event
