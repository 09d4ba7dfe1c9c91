"""What a verdict is."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.figures.verdicts.known import Known


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an arm learns nothing, or not what it should."""

    name: str
    "its row in `VERDICTS`"
    text: str
    "what is wrong, in a few words"
    evidence: tuple[str, ...]
    "figures that show it, the most telling one first"
    key: str
    "the key of the dashboard that mends it"
    advice: str
    "what that key does"
    setting: str
    "what to set in another run"


Check = Callable[[Known], Verdict | None]
"says what is wrong, and only if that is sure"


def percent(share: float, digits: int = 1) -> str:
    """A share of 0..1, as the screen writes it."""
    return f"{share * 100:.{digits}f} %"


def small(number: float) -> str:
    """A small number with one digit, such as `2e-6`."""
    mantissa, _, exponent = f"{number:.0e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def sentence(verdict: Verdict, over: bool = False) -> str:
    """All of it; if the run is `over`, what to set in another one in place of the key."""
    mend = f"next time: {verdict.setting}" if over else f"{verdict.key} {verdict.advice}"
    return f"{verdict.text}: {'; '.join((*verdict.evidence, mend))}"
