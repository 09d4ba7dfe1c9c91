"""The library that fails calls of a process, compiled where there is a compiler, and what it is told."""

import ctypes
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
KINDS = (
    *("write", "fsync", "rename", "open", "mmap", "link", "mkdir", "unlink", "ftruncate", "close", "read", "flock"),
)
"of calls, in the order of the library's"


def compiled(folder: Path) -> Path | None:
    """The library, or `None` where it cannot be made."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        return None
    library = folder / "faults.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"]
    return library if subprocess.run(command, check=False).returncode == 0 else None


def arm(folder: Path, kind: str | None, call: int = 0, error: int = 0, *, lasting: bool = False) -> None:
    """Fail one call of a kind on the files below a folder, or each one from that on; with no kind, only count."""
    ctypes.CDLL(None).arm(str(folder).encode(), KINDS.index(kind) if kind else -1, ctypes.c_long(call), error, lasting)


def counts() -> dict[str, int]:
    """How many calls of each kind there were."""
    library = ctypes.CDLL(None)
    library.count.restype = ctypes.c_long
    return {kind: library.count(number) for number, kind in enumerate(KINDS)}


def failed_path() -> str:
    """The file of the first call that failed; empty if none has."""
    library = ctypes.CDLL(None)
    library.failed_path.restype = ctypes.c_char_p
    return library.failed_path().decode(errors="replace")
