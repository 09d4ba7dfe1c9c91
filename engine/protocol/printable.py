"""Text from outside, made fit for any screen and any file."""

import os


def printable(path: str) -> str:
    """The path with what is not UTF-8 in it replaced."""
    return os.fsencode(path).decode("utf-8", errors="replace")
