"""Messages as lines of bytes, and lines out of whatever arrives, in bounded memory."""

from engine.protocol import Message, encode


class TooLongError(Exception):
    """A line is longer than allowed."""


def line(message: Message) -> bytes:
    """A message as it is sent."""
    return encode(message).encode() + b"\n"


class Lines:
    """Cuts the bytes that arrive into lines."""

    def __init__(self, longest: int) -> None:
        """`longest` is the most bytes that a line may have."""
        self._longest = longest
        self._part = bytearray()

    @property
    def incomplete(self) -> bool:
        """Whether the last line has begun but not ended."""
        return bool(self._part)

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes; bytes that are not UTF-8 are replaced.

        Raises:
            TooLongError: a line is longer than allowed. No more of it than that is kept.
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
