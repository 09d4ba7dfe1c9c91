"""Counts with their words."""

import pytest

from engine.data.listing import kinds
from engine.protocol.counting import counted, plural


@pytest.mark.parametrize(
    ("words", "one"),
    [
        ("text files", "1 text file"),
        ("files of macOS beside others (`._*`)", "1 file of macOS beside others (`._*`)"),
        ("pictures in a format that is not read", "1 picture in a format that is not read"),
        ("raw pictures of cameras", "1 raw picture of cameras"),
    ],
)
def test_one_of_a_kind_is_said_in_the_singular(words: str, one: str) -> None:
    assert counted(1, words) == one and counted(2000, words) == f"2,000 {words}"


def test_each_kind_of_file_has_a_singular() -> None:
    known = [*kinds.BY_ENDING.values(), *(kind for kind in vars(kinds).values() if isinstance(kind, kinds.Kind))]
    assert len(known) > 20 and all(counted(1, kind.name) != f"1 {kind.name}" for kind in known)


def test_a_word_gets_its_ending() -> None:
    assert [plural(1, "class"), plural(0, "class"), plural(2, "branch")] == ["1 class", "0 classes", "2 branches"]
