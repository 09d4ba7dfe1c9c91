"""Text from outside (names of files, classes and runs, words of other programs), made safe to show.

A name may hold what a terminal obeys: an escape sequence moves the cursor, sets the clipboard or clears the screen, a
line feed forges a line, a control of direction turns letters around. Each way out to people passes its text through
`printable` or `printable_lines`; events and JSON keep the true text, JSON with its own escapes (`json_line`).
"""

import json
import os
import re
import unicodedata

# Persian, the languages of India and many emoji are not written without these two; they can do no harm.
JOINERS = "\u200c\u200d"
ESCAPED_KINDS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # control, format, half of a pair, separators of lines and paragraphs
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""One line of text: control and format characters are shown as Python writes them, such as `\x1b` and `\u202e`.

    A byte of a file's name that is not UTF-8 is shown as `\xff`. Accents, and emoji of several characters, stay.
    """
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """The same for text of several lines: line feeds stay."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def json_line(value: object) -> str:
    """A line of JSON with letters of all languages as they are, and with `\\u001b` where a terminal could obey."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else re.sub(r"[^ -~]", _json_escaped, text)


def unicode_text(path: str) -> str:
    """The true name as far as it is text: bytes that are not UTF-8 are replaced, for events, JSON and checkpoints."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _is_shown(character: str) -> bool:
    return unicodedata.category(character) not in ESCAPED_KINDS or character in JOINERS


def _shown(character: str) -> str:
    if _is_shown(character):
        return character
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # Python's stand-in for a byte that is not UTF-8
        return f"\\x{number - 0xDC00:02x}"
    short = f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    return _SHORT.get(character, short)


def _json_escaped(match: re.Match[str]) -> str:
    return match[0] if _is_shown(match[0]) else json.dumps(match[0])[1:-1]
