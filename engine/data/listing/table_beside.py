"""Finds the table that names the pictures of a folder without class folders."""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from engine.config.sections import DataConfig
from engine.data.columns import find_columns
from engine.data.listing.layout import content
from engine.data.listing.part_names import part_of
from engine.data.listing.walk import is_table
from engine.data.samples import EXTENSIONS, join_names
from engine.data.table import read_table
from engine.errors import DataError
from engine.protocol.printable import printable

USUAL = ("labels", "train_labels", "trainlabels", "train-labels", "annotations", "train", "metadata")
"usual names of a table of all pictures, or of the training pictures, the surest first"
TRIED = 20  # rows whose files are looked for


def table_beside(config: DataConfig, root: Path) -> DataConfig | None:
    """The configuration that lists the pictures of the table in `root`; `None` if there is no table.

    Raises:
        DataError: there are several, or its files are not there, or it is no table of pictures.
        OSError: the folder cannot be read.
    """
    here = content(root)
    names = sorted(name for name in here.files if is_table(name))
    if not names:
        return None
    file = root / _chosen(root, names)
    found = config.model_copy(update={"source": "csv", "csv": file, "root": root})
    table = read_table(file)
    columns = find_columns(table, found)
    paths = [row.fields[columns.path] for row in islice(table.rows, TRIED)]
    there = {name: sum(_is_there(root / name, path) for path in paths) for name in ("", *here.folders)}
    most = max(there.values())
    bases = [name for name, count in there.items() if count == most]
    # The test pictures may have the names of the training pictures.
    base = "" if "" in bases else next((name for name in bases if part_of(name) == "train"), bases[0])
    if most == 0 or (len(bases) > 1 and base and part_of(base) != "train"):
        what = f"are in {join_names(bases)}" if most else "are not there"
        raise DataError(
            "No class folders",
            f"{root} has no class folders, and the files that `{printable(file.name)}` names, such as "
            f"{printable(paths[0])}, {what}; name their folder: --data {file} --set data.root=DIR",
        )
    return found.model_copy(update={"root": root / base})


def _chosen(root: Path, names: Sequence[str]) -> str:
    """The table with the surest name, or the only one."""
    if len(names) == 1:
        return names[0]
    for usual in USUAL:
        if len(found := [name for name in names if Path(name).stem.lower() == usual]) == 1:
            return found[0]
    raise DataError(
        "No class folders",
        f"{root} has no class folders but several tables, {join_names(list(map(printable, names)))}; name the one "
        f"that lists the pictures: --data {root / names[0]}",
    )


def _is_there(base: Path, path: str) -> bool:
    """Whether there is such a file; its ending may be missing."""
    if not path or "\0" in path:
        return False
    whole = os.path.join(base, path)  # noqa: PTH118 - the path may be absolute
    return any(Path(whole + ending).is_file() for ending in ("", *EXTENSIONS))
