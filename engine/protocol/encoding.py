"""Messages as lines of JSON, and back."""

import json
import re
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from engine.errors import EngineError
from engine.protocol.bounds import real
from engine.protocol.commands import Command
from engine.protocol.events import Event
from engine.protocol.watching import HistoryBegins, HistoryEnds
from engine.protocol.wire import Behind, Goodbye, Hello

Message = Event | Command | Hello | Behind | Goodbye

# Names in journals and on sockets stay what they were when a class is renamed.
_FIXED_NAMES = {HistoryBegins: "retelling", HistoryEnds: "retold"}
_KINDS: dict[str, type[Any]] = {
    _FIXED_NAMES.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Message)
}
UNREADABLE = (ValueError, OverflowError, RecursionError, TypeError, KeyError)
"what decoding raises; the errors of pydantic are ValueErrors"
_NAMES = {kind: name for name, kind in _KINDS.items()}


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[name])


def name_of(message: Message) -> str:
    """The message's `type` in its encoded form: the class name in snake case."""
    return kind_name(type(message))


def kind_name(kind: type[Any]) -> str:
    """The same for a class of messages."""
    return _NAMES[kind]


def encode(message: Message, **extra: float | str) -> str:
    """One line of JSON, without the line feed: an object whose `type` is the message's name.

    `extra` are further keys (a time, a step) that `decode` ignores.
    """
    name = name_of(message)
    return json.dumps({"type": name, **extra, **_adapter(name).dump_python(message, mode="json")}, allow_nan=False)


def decode(line: str, *, foreign: bool = False) -> Message:
    """The message that `encode` wrote. In a `foreign` one, written by whomever, no number may be too small for a float.

    Raises:
        EngineError: the line is no JSON object, of no known type, or has missing or ill-typed fields.
    """
    return decode_with_fields(line, foreign=foreign)[0]


def decode_with_fields(line: str, *, foreign: bool = False) -> tuple[Message, dict[str, Any]]:
    """The same, and all that the line has: its `extra` keys, too.

    Raises:
        EngineError: as `decode`.
    """
    try:
        fields: dict[str, Any] = json.loads(line, parse_float=real) if foreign else json.loads(line)
        message: Message = _adapter(fields["type"]).validate_python(fields)
    except UNREADABLE as error:
        reason = str(error).splitlines()[0]
        raise EngineError("Unreadable message", f"{line[:80]!r} is not a message ({reason})") from None
    return message, fields
