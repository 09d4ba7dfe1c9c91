"""A data set of a library as a source: it is fetched and written in a process of its own, whole or not at all."""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from platformdirs import user_cache_path

from engine.config.sections import DataConfig
from engine.errors import DataError, EngineError, UserError
from engine.protocol import Loading

NOTES = "NOTES.txt"
"the file of sentences about the data set; it marks a folder that is complete"
REPORT_SECONDS = 0.2  # between two reports of progress, which may have to wait for the library
MEASURED = 2000  # files of a download whose sizes are added up


def locate(config: DataConfig, seed: int) -> Generator[Loading, None, Path]:
    """Fetch and write the data set, unless that has been done. Returns its folder: `data.root`, or one in the cache.

    Raises:
        EngineError: it cannot be fetched or written.
        DataError: there is no such data set, it has no labelled pictures, or `data.root` has something else.
    """
    root = _root(config)
    if find_local(config, seed) is None:
        try:
            yield from _write(config, root)
        except OSError as error:
            raise EngineError(
                "Data set not written", f"{root}: {error.strerror or error}; free some space or name another data.root"
            ) from None
    return root


def find_local(config: DataConfig, seed: int) -> Path | None:
    """The same folder if it has been written, otherwise `None`.

    Raises:
        DataError: `data.root` has something else.
    """
    root = _root(config)
    if (root / NOTES).is_file():
        return root
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        raise DataError("Folder not empty", f"{root} has something else than {config.dataset}; name a new data.root")
    return None


def notes(root: Path) -> tuple[str, ...]:
    """What was left out or renamed when the data set was written, a sentence each."""
    file = root / NOTES
    return tuple(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()


def _root(config: DataConfig) -> Path:
    return config.root or _cache() / f"dataset-{_key(config)}"


def _cache() -> Path:
    return user_cache_path("finetune-tui", appauthor=False)


def _key(config: DataConfig) -> str:
    """A name for what is written: for the data set, and the columns that were chosen."""
    assert config.dataset is not None
    dataset = str(Path(config.dataset).resolve()) if Path(config.dataset).is_dir() else config.dataset
    chosen = (config.source, dataset, config.subset, config.path_column, config.label_column)
    plain = re.sub(r"[^\w.-]+", "-", Path(dataset).name)[:40]
    return f"{plain}-{hashlib.sha256(repr(chosen).encode()).hexdigest()[:12]}"


def _write(config: DataConfig, root: Path) -> Generator[Loading, None, None]:
    root.parent.mkdir(parents=True, exist_ok=True)
    downloads = _cache() / "downloads" / _key(config)
    # As for an archive: an incomplete data set is never used.
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-", ignore_cleanup_errors=True) as scratch:
        content = Path(scratch) / "content"
        content.mkdir()
        yield from _run(config, content, downloads, Path(scratch) / "said.txt")
        try:
            content.rename(root)
        except OSError:
            if not (root / NOTES).is_file():  # otherwise another process was faster
                raise


def _run(config: DataConfig, content: Path, downloads: Path, said: Path) -> Generator[Loading, None, None]:
    """Run the process, and yield its progress. It ends with this generator."""
    arguments = (config.model_dump_json(), str(content), str(downloads))
    with said.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.data.library.export", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for this process, which ends the other one
        )
    try:
        problem = yield from _follow(process, Loading(f"fetching {config.dataset}"), downloads)
        status = process.wait()
    finally:
        process.kill()
        process.wait()
    if problem:
        kind: type[EngineError] = DataError if problem["status"] == UserError.exit_status else EngineError
        raise kind(problem["title"], problem["message"])
    if status:
        last = (said.read_text(errors="replace").strip().splitlines() or [f"exit status {status}"])[-1]
        raise EngineError("Data set not written", f"{config.dataset}: the process that fetches it failed: {last}")


def _follow(
    process: "subprocess.Popen[str]", now: Loading, downloads: Path
) -> Generator[Loading, None, dict[str, Any] | None]:
    """Yield the progress until the process closes its output; returns what went wrong, if it says so."""
    lines: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(process, lines), name="export", daemon=True).start()
    what, problem = now.what, None
    while True:
        try:
            line = lines.get(timeout=REPORT_SECONDS)
        except Empty:
            if now.what == what:  # nothing is written yet
                now = Loading(what, _size(downloads))
        else:
            if not line:
                return problem
            told = json.loads(line)
            if isinstance(told, dict):
                problem = told
            else:
                now = Loading("writing pictures", *told)
        yield now


def _read(process: "subprocess.Popen[str]", lines: SimpleQueue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            lines.put(line)
    lines.put("")


def _size(folder: Path) -> int:
    """Bytes of the files in a folder, of the first ones if there are many."""
    try:
        return sum(file.stat().st_size for file in islice(folder.rglob("*"), MEASURED) if file.is_file())
    except OSError:  # a file was removed at this moment
        return 0
