"""The table of checks in the documents is that of the program."""

from engine.doctor.checks import CHECKS
from tests.markdown import cells, document


def test_every_check_is_in_the_table() -> None:
    lines = [line for line in document("docs/data.md").section("The doctor").splitlines() if line.startswith("| `")]
    rows = [(f"`{name}`", check.looks_for, "yes" if check.fixes else "no") for name, check in CHECKS.items()]
    assert [tuple(cells(line)) for line in lines] == rows
