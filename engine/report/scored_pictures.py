"""Which pictures a run was scored on, from the list that its folder keeps."""

from pathlib import Path

from engine.data.listing.picture_list import PictureList, read_list
from engine.protocol import Part
from engine.storage.run_folder import PICTURES


class ScoredPictures:
    """The pictures of some runs. Each list is read once, when it is first needed."""

    def __init__(self) -> None:
        self._lists: dict[Path, PictureList | None] = {}

    def same(self, one: Path, other: Path, part: Part) -> bool | None:
        """Whether two runs have the same pictures in a part: same path below their folder, class and size.

        `one` and `other` are the runs' folders. `None`: not known, because a run of an older version kept no list.
        """
        if one == other:
            return True
        first, second = self._list(one), self._list(other)
        if first is None or second is None:
            return None
        return _known(first, part) == _known(second, part)

    def _list(self, folder: Path) -> PictureList | None:
        if folder not in self._lists:
            try:
                self._lists[folder] = read_list(folder / PICTURES)
            except (OSError, ValueError, EOFError):
                self._lists[folder] = None
        return self._lists[folder]


def _known(pictures: PictureList, part: Part) -> set[tuple[str, str, int]]:
    return {(entry.key.path, entry.label, entry.size) for entry in pictures.entries if entry.part == part}
