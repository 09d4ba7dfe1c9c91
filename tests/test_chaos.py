"""The short form of `make chaos`: whatever happens to a run, nothing is lost."""

import os
import re
import subprocess
import sys

from tests.paths import ROOT

SHORT = ("--times", "4", "--places", "6", "--resumes", "1", "--rooms", "1")
ALWAYS = 4 + 1 + 6 + 1 + 4 + 3  # kills and a run's end, damages and one gone on with, foreign files, others


def test_nothing_is_lost() -> None:
    command = [sys.executable, "-m", "tests.chaos", *SHORT]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    # In a process of its own: it forks, which one that has run tests had better not.
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[int(n) for n in row] for row in re.findall(r"\| (\d+) \| (\d+) \| (\d+) \|$", done.stdout, re.MULTILINE)]
    assert all(tried == survived and lost == 0 for tried, survived, lost in rows)
    # On disks nothing is tried where this user may not mount one.
    assert sum(tried for tried, *_ in rows) >= ALWAYS
