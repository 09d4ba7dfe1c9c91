"""Text from outside, made printable on any screen and in any file."""

import os


def printable(path: str) -> str:
    """The path, with bytes that are not UTF-8 replaced."""
    return os.fsencode(path).decode("utf-8", errors="replace")
