"""The model card of a run, `MODEL_CARD.md`, in the form that Hugging Face's hub reads from a `README.md`.

Text that comes from a run, such as the names of classes, is escaped. Cards are made to be published, so folders of this
machine are left out.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import yaml

from engine import __version__
from engine.figures.best import Score
from engine.protocol import PART_NAMES
from engine.protocol.printable import printable
from engine.report.facts import ArmFacts, RunFacts
from engine.report.settings import commands, without_places, yaml_of
from engine.report.text import MISSING, mebibytes, percent, plural, seconds

MARK = "<!-- Made by finetune-tui "
"how the card says that this program made it, whichever version"
MOST_CLASSES = 200  # that are named
HUB_METRICS = {"macro_f1": ("f1", "Macro F1"), "balanced_accuracy": ("balanced_accuracy", "Balanced accuracy")}
"type and name on the hub of further metrics, by their names in events"


def model_card(facts: RunFacts, caveats: Sequence[str]) -> str:
    """The card of the run's best weights; `caveats` are what a reader has to know."""
    head = yaml.safe_dump(_metadata(facts), sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n" + "\n".join(_body(facts, caveats)) + "\n"


def _metadata(facts: RunFacts) -> dict[str, Any]:
    """The front matter. Results are there only if something was scored."""
    found: dict[str, Any] = {
        "library_name": "pytorch",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "pytorch", "finetune-tui", *filter(None, [facts.status.model])],
    }
    winner = facts.winner
    if winner is None or winner.best is None:
        return found
    scores = [score for score in (winner.best.tested, winner.best.chosen) if score is not None]
    results = [_result(facts, score) for score in scores]
    types = [metric["type"] for result in results for metric in result["metrics"]]
    return found | {
        "metrics": list(dict.fromkeys(types)),
        "model-index": [{"name": facts.name, "results": results}],
    }


def _result(facts: RunFacts, score: Score) -> dict[str, Any]:
    metrics = [{"type": "accuracy", "name": "Accuracy", "value": round(score.accuracy, 6)}]
    for key, (kind, name) in HUB_METRICS.items():
        if key in score.metrics:
            metrics.append({"type": kind, "name": name, "value": round(score.metrics[key], 6)})
    return {
        "task": {"type": "image-classification", "name": "Image Classification"},
        "dataset": {"type": "imagefolder", "name": _data_name(facts), "split": PART_NAMES[score.part]},
        "metrics": metrics,
    }


def _data_name(facts: RunFacts) -> str:
    """The last part of the pictures' folders or of their table, or their source."""
    if facts.config is None:
        return "not known"
    data = facts.config.data
    if data.source == "csv" and data.csv is not None:
        return data.csv.name
    if data.dataset is not None and data.source in ("torchvision", "huggingface"):
        return PurePath(data.dataset).name if PurePath(data.dataset).is_absolute() else data.dataset
    roots = data.roots or (() if data.root is None else (data.root,))
    return ", ".join(root.name or "pictures" for root in roots) or data.source


def _body(facts: RunFacts, caveats: Sequence[str]) -> Iterator[str]:
    winner = facts.winner
    yield from (f"# {md(facts.name)}", "")
    yield f"{MARK}{__version__}. `report` replaces this file, so edit a copy."
    yield "Add a license, and what the model is meant for. -->"
    yield ""
    yield from _summary(facts, winner)
    if facts.config is not None:
        config = facts.config
        yield from ("## Use", "", *_code(f"finetune-tui predict {winner.file if winner else 'best.pt'} PICTURES"), "")
        yield (
            f"The file is a PyTorch checkpoint. Its `model` loads into torchvision's `{md_code(config.model.name)}` "
            f"with {plural(len(facts.classes), 'class')}. It has the names of the classes, too, and how pictures are "
            "prepared."
        )
        yield ""
    yield from _results(facts)
    if caveats:
        yield from ("## Limitations", "", *(f"- {md(without_folders(sentence))}" for sentence in caveats), "")
    yield from _data(facts)
    yield from _training(facts)


def _summary(facts: RunFacts, winner: ArmFacts | None) -> Iterator[str]:
    model = f"`{md_code(facts.status.model)}`" if facts.status.model else "not known"
    yield f"An image classifier. The model is {model}, fine-tuned with finetune-tui."
    yield ""
    if winner is None or winner.best is None:
        yield from ("There is no result: nothing was scored.", "")
        return
    yield f"The best weights classify {_scored(winner.best.score)} correctly. They are in `{winner.file}`" + (
        f" ({mebibytes(winner.size)})." if winner.size is not None else ", which is not there."
    )
    yield ""


def _scored(score: Score) -> str:
    of = plural(score.images, f"{PART_NAMES[score.part]} picture")
    return f"{percent(score.accuracy)} of {of}{_within(score)}"


def _within(score: Score) -> str:
    if score.interval is None:
        return ""
    low, high = score.interval
    return f" (95 % interval {percent(low)} to {percent(high)})"


def _results(facts: RunFacts) -> Iterator[str]:
    yield from ("## Results", "")
    rows = [
        f"| {arm.arm} | {PART_NAMES[score.part]} | {score.images:,} | {percent(score.accuracy)} | {_interval(score)} "
        f"| {percent(score.metrics.get('macro_f1'))} | `{arm.file}` |"
        for arm in facts.arms.values()
        if arm.best is not None
        for score in (arm.best.tested, arm.best.chosen)
        if score is not None
    ]
    if not rows:
        yield from ("Nothing was scored.", "")
        return
    yield "| arm | part | pictures | accuracy | 95 % interval | macro F1 | weights |"
    yield "|---|---|---:|---:|---|---:|---|"
    yield from (*rows, "")


def _interval(score: Score) -> str:
    return MISSING if score.interval is None else f"{percent(score.interval[0])} to {percent(score.interval[1])}"


def _data(facts: RunFacts) -> Iterator[str]:
    yield from ("## Training data", "")
    if facts.run is None:
        yield from ("The journal does not say it.", "")
        return
    parts = ", ".join(f"{count:,} {name}" if count else f"no {name}" for name, count in facts.parts.items())
    yield f"{md(_data_name(facts))}: {parts} pictures of {plural(len(facts.classes), 'class')}."
    yield ""
    yield from (f"- {md(name)}" for name in facts.classes[:MOST_CLASSES])
    if len(facts.classes) > MOST_CLASSES:
        yield f"- and {len(facts.classes) - MOST_CLASSES:,} more"
    yield ""


def _training(facts: RunFacts) -> Iterator[str]:
    yield from ("## Training", "")
    for arm in facts.arms.values():
        done = plural(len(arm.view.curves.history), "epoch")
        yield f"- {arm.arm}: began with {md(without_folders(arm.init))}; {done} in {seconds(arm.seconds)}"
    if facts.run is not None:
        yield f"- device {md(facts.run.device)}, precision {md(facts.run.precision)}"
    if by_hand := sum(deed.by_hand for deed in facts.deeds):
        yield f"- {plural(by_hand, 'command')} by hand; `report.html` lists them"
    yield ""
    for what, command in commands(facts, facts.name):
        yield from (f"To {what}:", "", *_code(command), "")
    if facts.config is not None:
        shown = yaml_of(without_places(facts.config))
        yield from ("The configuration, without folders and hooks:", "", *_code(shown, "yaml"), "")


def without_folders(text: str) -> str:
    """The text with only the last part of each absolute path in it."""
    return re.sub(r"(?<![\w:/.])/(?:[^\s/]+/)+(?=[^\s/])", "", text)


def md(text: str) -> str:
    """Text as Markdown that shows it as it is, on one line."""
    flat = re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", printable(" ".join(text.split())))
    return re.sub(r"^([-+]|\d+(?=[.)]))", lambda found: f"\\{found[0]}" if found[0] in "-+" else f"{found[0]}\\", flat)


def md_code(text: str) -> str:
    """Text to stand between backquotes, on one line."""
    return printable(" ".join(text.split())).replace("`", "'")


def _code(text: str, language: str = "sh") -> Iterator[str]:
    """A block of code, with a fence that is longer than any in it."""
    fence = "`" * max(3, *(len(found) + 1 for found in re.findall("`+", text)), 3)
    yield from (f"{fence}{language}", *map(printable, text.rstrip("\n").split("\n")), fence)
