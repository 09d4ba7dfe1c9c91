"""The HTML file: one page that needs nothing from elsewhere. Jinja escapes all text that comes from a run."""

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from engine import __version__
from engine.metrics import METRICS
from engine.protocol import ARMS, PART_NAMES
from engine.protocol.counting import plural
from engine.protocol.printable import printable, printable_lines
from engine.report import settings, text
from engine.report.caveats import caveats, notices
from engine.report.charts import Chart, charts
from engine.report.comparison import ENOUGH, Comparison, compare
from engine.report.facts import RunFacts
from engine.report.mistakes import MOST_CLASSES, Mistakes, mistakes

GENERATOR = f"finetune-tui {__version__}"
MARK = '<meta name="generator" content="finetune-tui '
"how the page says that this program made it, whichever version"
FEW_CLASSES = 60  # names that are shown without being folded away


@dataclass(frozen=True, slots=True)
class Section:
    """All that the page says of a run."""

    key: str
    "the section's anchor"
    facts: RunFacts
    folder: str
    caveats: Sequence[str]
    notices: Sequence[str]
    "those of the caveats that say what the report lacks"
    charts: Sequence[Chart]
    comparison: Comparison | None
    mistakes: Sequence[Mistakes]
    choices: Sequence[settings.Choice]
    config: str
    "as YAML; empty if it is not known"
    hooks: bool
    "whether hooks are left out of it"
    commands: Sequence[tuple[str, str]]


def section(facts: RunFacts, number: int) -> Section:
    """The section of a run, the `number`-th of the page."""
    wrong = [found for arm in ARMS if arm in facts.arms and (found := mistakes(facts, facts.arms[arm])) is not None]
    wrong.sort(key=lambda found: found.arm is not facts.winner)  # of the weights to use first
    key, config = f"run-{number}", facts.config
    return Section(
        key=key,
        facts=facts,
        folder=printable(str(facts.folder.absolute())),
        caveats=caveats(facts, wrong),
        notices=notices(facts, wrong),
        charts=charts(facts, key),
        comparison=compare(facts),
        mistakes=wrong,
        choices=settings.choices(facts),
        config="" if config is None else settings.yaml_of(config),
        hooks=config is not None and settings.has_hooks(config),
        commands=list(settings.commands(facts)),
    )


def render(sections: Sequence[Section]) -> str:
    """The page with these sections, the first one first."""
    return _environment().get_template("page.html").render(sections=sections, now=time.time())


def metric(name: str, value: float) -> tuple[str, str]:
    """Title and value of a further metric."""
    known = METRICS.get(name)
    as_share = known is not None and known.unit == "share"
    return name.replace("_", " ").replace("f1", "F1"), text.percent(value) if as_share else text.decimal(value)


@cache
def _shown(value: object) -> object:
    """What a template writes: text from outside has no control or format characters."""
    return printable_lines(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("engine.report"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    known: dict[str, Any] = {name: getattr(text, name) for name in ("percent", "decimal", "seconds", "clock", "points")}
    environment.filters |= known | {name: getattr(text, name) for name in ("number", "mebibytes")} | {"plural": plural}
    environment.globals |= {
        "ARMS": ARMS,
        "PART_NAMES": PART_NAMES,
        "MISSING": text.MISSING,
        "ENOUGH": ENOUGH,
        "MOST_CLASSES": MOST_CLASSES,
        "FEW_CLASSES": FEW_CLASSES,
        "generator": GENERATOR,
        "python": platform.python_version(),
        "metric": metric,
        "style": Markup(environment.get_template("style.css").render()),
    }
    return environment
