"""Where the time of a step goes: a bar with its legend, and a sentence where it goes to waiting."""

from itertools import accumulate, pairwise

from textual.content import Content

from engine.figures.account import PARTS, Account, Part
from tui.figures.steady import steady
from tui.format import MISSING
from tui.state import UiState

# The characters tell the parts apart where there are no colours.
LOOKS: dict[Part, tuple[str, str]] = {
    "data": ("░", "$warning"),
    "model": ("█", "$success"),
    "update": ("▒", "$overlay"),
    "test": ("▚", "$foreground"),
    "save": ("▞", "$muted"),
}
POINT = 0.01  # a change below it is not shown
STARVED, NOT_STARVED = 0.25, 0.2  # shares of the time: above the first a sentence appears, below the second it goes


class Spent:
    """Remembers what it has shown, so that figures change only when they have moved visibly."""

    def __init__(self) -> None:
        self._shares: dict[Part, float] = {}
        self.starved = False
        "whether training waits for pictures so much that the user should know"

    def take(self, account: Account) -> None:
        """Take the shares from the account of the current arm."""
        shares = account.shares()
        self._shares = {part: steady(self._shares.get(part), share, POINT) or 0.0 for part, share in shares.items()}
        self.starved = shares.get("data", 0.0) > (NOT_STARVED if self.starved else STARVED)

    def bar(self, width: int) -> Content:
        """The shares as a bar of `width` cells."""
        if not self._shares:
            return Content(MISSING)
        ends = list(accumulate((self._shares[part] for part in PARTS), initial=0.0))
        cells = [round(end / ends[-1] * width) for end in ends]
        return Content.assemble(
            *(
                (LOOKS[part][0] * (last - first), LOOKS[part][1])
                for part, (first, last) in zip(PARTS, pairwise(cells), strict=True)
            )
        )

    def legend(self, width: int) -> Content:
        """The parts with their characters and per cent; where it is narrow, the smallest ones are left out."""
        shown = [part for part in PARTS if round(self._shares.get(part, 0.0) * 100)]
        gap = "  "
        while len(shown) > 1 and len(gap.join(self._entry(part) for part in shown)) > width:
            if gap == " ":
                shown.remove(min(shown, key=lambda part: self._shares[part]))
            gap = " "
        parts = (Content.assemble(LOOKS[part], (self._entry(part)[1:], "$muted")) for part in shown)
        return Content(gap).join(parts)

    def sentence(self, state: UiState, width: int) -> Content | None:
        """While training waits for pictures: that it does, and what can be done about it."""
        if not self.starved or state.run is None:
            return None
        share = f"{self._shares['data'] * 100:.0f} %"
        cpu = state.run.device.startswith("cpu")
        who = "training" if cpu else "the GPU"
        if state.preparing is not None:
            why, short = "which are being prepared, once", "preparing pictures"
        elif cpu:  # more threads would take the processors from training
            why, short = "set data.prepare, or a smaller data.short_side", "data.prepare?"
        else:
            why, short = "more data.threads, or a smaller data.short_side", "more data.threads?"
        said = (
            f"{who} waits for pictures {share} of the time: {why}",
            f"{who} waits {share} for pictures: {short}",
            f"{who.removeprefix('the ')} waits {share}: {short}",
        )
        return Content.assemble((next((text for text in said if len(text) <= width), said[-1]), "$warning"))

    def _entry(self, part: Part) -> str:
        return f"{LOOKS[part][0]} {part} {self._shares[part] * 100:.0f}"
