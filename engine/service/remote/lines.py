"""Messages as lines, and lines out of whatever a peer sends, in bounded memory."""

from engine.protocol import Message, encode


class TooLongError(Exception):
    """A line without an end."""


def line(message: Message) -> bytes:
    """A message as it is sent."""
    return encode(message).encode() + b"\n"


class Lines:
    """Cuts what arrives into lines."""

    def __init__(self, longest: int) -> None:
        """`longest` is the most bytes that a line may have."""
        self._longest = longest
        self._part = bytearray()

    @property
    def torn(self) -> bool:
        """Whether a line has begun that is not complete."""
        return bool(self._part)

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now; what is no UTF-8 is replaced.

        Raises:
            TooLongError: a line is longer than allowed. What is kept of it is bounded, too.
        """
        *whole, rest = data.split(b"\n")
        lines = [self._complete(line) for line in whole]
        if len(self._part) + len(rest) > self._longest:
            raise TooLongError
        self._part += rest
        return lines

    def _complete(self, end: bytes) -> str:
        if len(self._part) + len(end) > self._longest:
            raise TooLongError
        whole = (bytes(self._part) + end).decode(errors="replace")
        self._part.clear()
        return whole
