"""What is sent to the terminal: played on one that gets everything, and on one that gets only what is needed."""

import random
import re

import pytest

from tui.terminal.shown import SEEN_ON_BLANKS, SYNC_BEGIN, SYNC_END, Shown, Style, _style

STYLES = ["", "1;38;5;4;48;5;1", "38;5;4", "48;5;1", "7", "1", "4;31", "91;40", "38;2;1;2;3;48;2;1;2;3", "39;49"]
PIECES = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[(\d+)C|\x1b\[([\d;]*)m|([^\x1b\n])|\n")


class Terminal:
    """Cells and what they look like."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], tuple[str, Style]] = {}
        self.cursor = (1, 1)

    def show(self, data: str) -> None:
        codes, (y, x) = "", self.cursor
        for row, column, right, sgr, text in (piece.groups() for piece in PIECES.finditer(data)):
            if row is not None:
                y, x = int(row), int(column)
            elif right is not None:
                x += int(right)
            elif sgr is not None:
                fresh = sgr in ("", "0") or sgr.startswith("0;")
                codes = ";".join(filter(None, ["" if fresh else codes, sgr.removeprefix("0").removeprefix(";")]))
            elif text is not None:
                style = _style(codes)
                if text == " " and not style.attributes & SEEN_ON_BLANKS:
                    style = Style(frozenset(), "", style.background)
                self.cells[y, x] = (text, style)
                x += 1
        self.cursor = y, x


def frame(chance: random.Random, alphabet: str) -> str:
    parts = []
    for _ in range(chance.randint(0, 4)):
        parts.append(f"\x1b[{chance.randint(1, 4)};{chance.randint(1, 20)}H")
        for _ in range(chance.randint(1, 4)):
            style, text = chance.choice(STYLES), "".join(chance.choices(alphabet, k=chance.randint(1, 6)))
            parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
        parts.append("\n")
    return "".join(parts) + "\x1b[1;1H"


@pytest.mark.parametrize("alphabet", ["ab ", "a ─█", "ab    "])
def test_a_terminal_shows_the_same_as_if_all_were_sent(alphabet: str):
    chance, shown, everything, needed = random.Random(0), Shown(), Terminal(), Terminal()
    for _ in range(1500):
        written = frame(chance, alphabet)
        everything.show(written)
        needed.show(shown.needed(written))
        assert needed.cells == everything.cells and needed.cursor == everything.cursor


def test_a_terminal_shows_the_same_where_frames_are_written_again_and_again():
    chance, shown, everything, needed = random.Random(1), Shown(), Terminal(), Terminal()
    frames = [frame(chance, "ab ─") for _ in range(8)]
    for _ in range(1500):
        written = chance.choice(frames)
        everything.show(written)
        needed.show(shown.needed(written))
        assert needed.cells == everything.cells and needed.cursor == everything.cursor


def test_what_is_shown_already_is_not_sent_again():
    shown = Shown()
    assert "safe 4 s ago" in shown.needed("\x1b[1;1H\x1b[31msafe 4 s ago\x1b[0m\x1b[1;1H")
    assert shown.needed("\x1b[1;1H\x1b[31msafe 4 s ago\x1b[0m\x1b[1;1H") == ""
    assert shown.needed("\x1b[1;1H\x1b[31msafe 5 s ago\x1b[0m\x1b[1;1H") == "\x1b[1;6H\x1b[31m5\x1b[m\x1b[1;1H"


def test_a_frame_without_a_change_sends_nothing_not_even_its_beginning_and_end():
    shown, written = Shown(), "\x1b[1;1Habc\x1b[1;1H"
    sent = [shown.needed(piece) for piece in (SYNC_BEGIN, written, SYNC_END)]
    assert "".join(sent).startswith(SYNC_BEGIN) and sent[-1] == SYNC_END
    assert [shown.needed(piece) for piece in (SYNC_BEGIN, written, SYNC_END)] == ["", "", ""]


@pytest.mark.parametrize("code", ["\x1b[?1049h", "\x1b[2J", "\x1b[?2004h", "\x07", "\x1b]0;title\x07"])
def test_after_a_code_that_may_do_anything_all_is_sent_again(code: str):
    shown, written = Shown(), "\x1b[1;1Habc\x1b[1;1H"
    shown.needed(written)
    assert shown.needed(code) == code
    assert "abc" in shown.needed(written)


def test_a_row_with_a_wide_character_is_sent_whole_each_piece_at_its_place():
    shown = Shown()
    for text in ("ok", "no"):
        written = f"\x1b[2;1H日本 {text}\x1b[1;1H"
        sent = shown.needed(written)
        assert "\x1b[2;1H日" in sent and "\x1b[2;3H本" in sent and f"\x1b[2;5H {text}" in sent
        assert not shown.needed(written)
