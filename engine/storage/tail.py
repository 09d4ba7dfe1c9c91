"""Reading a journal while it is being written: the lines that have become whole since the last look."""

from collections.abc import Iterator
from pathlib import Path

from engine.errors import CheckpointError
from engine.storage.journal import JOURNAL, LONGEST_LINE


class Tail:
    """The lines of a run's journal, each once, oldest first."""

    def __init__(self, folder: Path) -> None:
        self.offset = 0
        "bytes up to the end of the last line that was read"
        self._path = folder / JOURNAL

    def lines(self) -> Iterator[bytes]:
        """The whole lines that are new since the last call; none if there is no journal yet.

        Raises:
            CheckpointError: the journal cannot be read, or a line of it has an impossible length.
        """
        try:
            if not self._path.is_file():
                return
            with self._path.open("rb") as file:
                file.seek(self.offset)
                while (line := file.readline(LONGEST_LINE)).endswith(b"\n"):
                    self.offset += len(line)
                    yield line
        except OSError as error:
            raise CheckpointError("Journal not read", f"{self._path}: {error.strerror}") from None
        if len(line) == LONGEST_LINE:
            raise CheckpointError("Journal not read", f"{self._path} is damaged at byte {self.offset}")
