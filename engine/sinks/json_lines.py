"""Writes events as lines of JSON, for programs."""

from collections.abc import Callable

from engine.protocol import Event, encode
from engine.protocol.sentences import message
from engine.protocol.streams import Output


def open_json_lines(out: Output, messages: Output) -> Callable[[Event], None]:
    """Write each event as a line to `out`. If it has a message for people, write that to `messages`."""

    def sink(event: Event) -> None:
        print(f"{encode(event)}\n", end="", file=out, flush=True)  # in one piece: several threads tell
        if text := message(event):
            print(text, file=messages, flush=True)

    return sink
