"""The download of what a run needs, before it starts."""

from collections.abc import Callable, Sequence

from textual.message import Message

from engine.errors import EngineError
from engine.protocol import Loading, decode
from tui.format import bar, mebibytes
from tui.start_screen.engine_process import EngineProcess, failure

Fetched = Loading | EngineError | None
"how far it is, why it failed, or that all is there"
BAR = 20  # cells


class Fetch(EngineProcess):
    """Runs `python -m engine fetch`; ended in the middle, it leaves no part of a file."""

    def __init__(self, words: Sequence[str], report: Callable[["Fetch", Fetched], object]) -> None:
        """`report` is called, in a thread, with each step, and with the end."""

        def take(line: str) -> None:
            if line.startswith('{"type": "loading"'):  # the last line says which file it is
                found = decode(line)
                assert isinstance(found, Loading)
                report(self, found)

        def ended(status: int, said: str) -> None:
            report(self, failure(status, said, "Not downloaded") if status else None)

        super().__init__(["fetch", "--json", *words], take, ended)


class Stepped(Message):
    """A download is further, has failed, or is done."""

    def __init__(self, fetch: Fetch, found: Fetched) -> None:
        super().__init__()
        self.fetch, self.found = fetch, found


def progress(step: Loading) -> str:
    """How far a download is, and how to cancel it."""
    if not step.total:
        return f"{step.what}…; Esc cancels"
    drawn = "".join(bar(step.done / step.total, BAR))
    return f"{step.what}  [{drawn}]  {mebibytes(step.done)} of {mebibytes(step.total)} MiB; Esc cancels"
