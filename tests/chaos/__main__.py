"""Whether anything is lost whatever happens to a run: `python -m tests.chaos`.

Runs are killed, their checkpoints damaged, their disks filled, and what is left is gone on with; it has to end with
the weights, bit by bit, of a run that was left in peace. Prints a table, and exits 1 if anything was lost.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: a model this small gains nothing from more

from tests.chaos.child import Undisturbed
from tests.chaos.damage import damage
from tests.chaos.disk import ROOMS, disk
from tests.chaos.faults import faults
from tests.chaos.kill import kill
from tests.chaos.others import others
from tests.chaos.plan import make_inputs
from tests.chaos.preempt import preempt
from tests.chaos.ranks import PHASES, ranks
from tests.chaos.table import Table

LONG = ("preempt", "faults")
"parts that take an hour, and are only done if they are named"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what is asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=50, help="how often runs are killed")
    parser.add_argument("--places", type=int, default=200, help="in how many places a checkpoint is damaged")
    parser.add_argument("--resumes", type=int, default=20, help="how often a run is gone on with after such damage")
    parser.add_argument("--rooms", type=int, default=len(ROOMS), help="how many kinds of full disks there are")
    parser.add_argument("--signals", type=int, default=50, help="how often runs are preempted")
    parser.add_argument(
        "--compiled", action=argparse.BooleanOptionalAction, default=True, help="whether some of those compile"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the moments and the places")
    parser.add_argument("--phases", nargs="*", choices=PHASES, default=PHASES, help="of the part `ranks`")
    parser.add_argument("--every", type=int, default=1, help="which of the calls fail: every so manieth")
    known = "kill, damage, disk, others, ranks, preempt, faults; default: all but the last two"
    parser.add_argument("parts", nargs="*", metavar="PART", help=known)
    options = parser.parse_args(argv)
    parts: dict[str, Callable[[Path, Undisturbed, Table], None]] = {
        "kill": lambda root, whole, table: kill(root, whole, options.times, options.seed, table),
        "damage": lambda root, whole, table: damage(root, whole, options.places, options.resumes, options.seed, table),
        "disk": lambda root, whole, table: disk(root, whole, options.rooms, table),
        "preempt": lambda root, whole, table: preempt(root, options.signals, options.seed, options.compiled, table),
        "faults": lambda root, whole, table: faults(root, options.every, table),
        "others": lambda root, whole, table: others(root, whole, options.resumes, table),
        "ranks": lambda root, whole, table: ranks(root, tuple(options.phases), table),
    }
    if unknown := set(options.parts) - parts.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        make_inputs(Path(folder))
        whole = Undisturbed.played(Path(folder))
        for name in options.parts or [name for name in parts if name not in LONG]:
            (root := Path(folder, name)).mkdir()
            for shared in Path(folder).glob("*.pth"):
                (root / shared.name).symlink_to(shared)
            (root / "pictures").symlink_to(Path(folder, "pictures"))
            began = time.monotonic()
            parts[name](root, whole, table)
            table.note(f"the part `{name}` took {time.monotonic() - began:.0f} s")
    print(table)
    return 1 if table.lost else 0


if __name__ == "__main__":
    sys.exit(main())
