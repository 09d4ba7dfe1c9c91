"""What was tried, and what came of it."""

from collections import Counter


class Table:
    """A row for each kind of thing that was tried."""

    def __init__(self) -> None:
        self._tried: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._notes: list[str] = []

    def count(self, what: str, *problems: str, times: int = 1) -> None:
        """Something was tried that many times; it was survived unless there are problems."""
        self._tried[what] += times
        self._lost[what] += times if problems else 0
        self._notes += [f"LOST, {what}: {problem}" for problem in problems]

    def note(self, text: str) -> None:
        """Something measured, or the reason why something was not tried."""
        self._notes.append(text)

    @property
    def lost(self) -> int:
        """How many times something was."""
        return self._lost.total()

    def __str__(self) -> str:
        rows = [f"| {what} | {n} | {n - self._lost[what]} | {self._lost[what]} |" for what, n in self._tried.items()]
        head = ["| what | tried | survived | lost |", "|---|---:|---:|---:|"]
        return "\n".join([*head, *rows, "", *(f"- {note}" for note in self._notes)])
