"""Counts with what they count, in the singular or the plural."""

import re

_FIRST_PLURAL = re.compile(r"(\w)s\b")


def plural(count: int, word: str) -> str:
    """A count with its word: `1 picture`, `2,000 pictures`, `3 classes`, `2 branches`."""
    return f"{count:,} {word}" + ("" if count == 1 else "es" if word.endswith(("class", "branch")) else "s")


def counted(count: int, words: str) -> str:
    """A count with words whose first plural is what is counted: `2 text files`, `1 text file`, `1 file of macOS`."""
    return f"{count:,} " + (_FIRST_PLURAL.sub(r"\1", words, count=1) if count == 1 else words)
