"""The short form of `make chaos`: whatever happens to a run, nothing is lost."""

import re

import pytest

from tests.chaos.__main__ import main

SHORT = ("kill", "damage", "disk", "others", "--times", "3", "--places", "6", "--resumes", "1", "--rooms", "1")
ALWAYS = 3 + 1 + 6 + 1 + 4 + 3  # kills and a run's end, damages and one gone on with, foreign files, others


def test_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(SHORT)
    table = capsys.readouterr().out
    assert status == 0, table
    rows = [[int(n) for n in row] for row in re.findall(r"\| (\d+) \| (\d+) \| (\d+) \|$", table, re.MULTILINE)]
    assert all(tried == survived and lost == 0 for tried, survived, lost in rows)
    # On disks nothing is tried where this user may not mount one.
    assert sum(tried for tried, *_ in rows) >= ALWAYS
