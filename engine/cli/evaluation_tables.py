"""The answers of `evaluate`: as plain values, as tables for people, and as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.errors import UserError
from engine.inference.scoring import Scored
from engine.inference.trained import TrainedModel
from engine.metrics import METRICS
from engine.metrics.bootstrap import values_and_intervals
from engine.metrics.confusion import confusion
from engine.metrics.interval import mcnemar, paired_difference
from engine.metrics.per_class import class_counts
from engine.metrics.predictions import Predictions
from engine.protocol import Part
from engine.protocol.printable import printable
from engine.storage.atomic import atomic_write

LINES = 40  # classes in the table for people


def evaluation_of(trained: TrainedModel, where: str, scored: Scored) -> dict[str, Any]:
    """The scores of one model as plain values."""
    predictions = scored.predictions
    counts = class_counts(predictions)
    return {
        "weights": str(trained.file),
        "pictures": where,
        "images": len(predictions.labels),
        "unreadable": len(scored.unreadable),
        "temperature": trained.temperature,
        "metrics": {
            name: {"value": value, "low": low, "high": high}
            for name, (value, (low, high)) in values_and_intervals(predictions).items()
        },
        "classes": [
            {"class": name, "images": c.images, "precision": c.precision, "recall": c.recall, "f1": c.f1}
            for name, c in zip(trained.classes, counts, strict=True)
        ],
    }


def mistakes_of(trained: TrainedModel, scored: Scored, part: Part | None) -> dict[str, Any]:
    """What a model gets wrong, as the event `confusion` has it; `part` is that of the run's own pictures."""
    event = confusion(scored.predictions, trained.facts["arm"], trained.facts["step"])
    return {"part": part, **asdict(event)}


def comparison_of(first: Predictions, second: Predictions) -> dict[str, Any]:
    """How the accuracies of two models on the same pictures differ, as plain values."""
    right = [dict(zip(p.paths, (p.labels == p.predicted).tolist(), strict=True)) for p in (first, second)]
    both = [(right[0][path], right[1][path]) for path in right[0] if path in right[1]]
    only_first, only_second = both.count((True, False)), both.count((False, True))
    low, high = paired_difference(only_first, only_second, len(both))
    return {
        "images": len(both),
        "only_first_right": only_first,
        "only_second_right": only_second,
        "difference": (only_first - only_second) / len(both),
        "low": low,
        "high": high,
        "p_value": mcnemar(only_first, only_second),
    }


def lines(answers: Sequence[dict[str, Any]], comparison: dict[str, Any] | None) -> Iterator[str]:
    """The tables for people."""
    for answer in answers:
        lost = f", {answer['unreadable']} of them could not be read" if answer["unreadable"] else ""
        yield f"{answer['weights']}"
        yield f"{answer['images'] + answer['unreadable']} pictures, {answer['pictures']}{lost}"
        yield ""
        yield from _metric_lines(answer["metrics"])
        yield ""
        if comparison is None:
            yield from _class_lines(answer["classes"])
    if comparison is not None:
        yield from _comparison_lines(comparison)


def _metric_lines(metrics: dict[str, dict[str, float]]) -> Iterator[str]:
    titles = {name: METRICS[name].title(name) for name in metrics}
    width = max(map(len, (*titles.values(), "metric")))
    yield f"{'metric':<{width}}  {'value':>8}  95 % interval"
    for name, found in metrics.items():
        value, low, high = (METRICS[name].text(found[key]) for key in ("value", "low", "high"))
        yield f"{titles[name]:<{width}}  {value:>8}  {low} to {high}"


def _class_lines(classes: Sequence[dict[str, Any]]) -> Iterator[str]:
    def text(share: float | None) -> str:
        return "-" if share is None else f"{share:.1%}"

    shown = sorted(classes, key=lambda c: (c["f1"] is None, c["f1"] or 0.0))[:LINES]
    names = [printable(c["class"]) for c in shown]
    width = max(map(len, ("class", *names)))
    yield f"{'class':<{width}}  pictures  precision  recall      F1"
    for name, c in zip(names, shown, strict=True):
        figures = f"{text(c['precision']):>9}  {text(c['recall']):>6}  {text(c['f1']):>6}"
        yield f"{name:<{width}}  {c['images']:>8}  {figures}"
    if len(classes) > len(shown):
        yield f"and {len(classes) - len(shown)} classes with a higher F1; --json has all"


def _comparison_lines(found: dict[str, Any]) -> Iterator[str]:
    difference, low, high = (f"{100 * found[key]:+.1f}" for key in ("difference", "low", "high"))
    yield f"the first model is right where the second one is wrong: {found['only_first_right']} pictures"
    yield f"the second model is right where the first one is wrong: {found['only_second_right']} pictures"
    yield f"difference in accuracy, first less second: {difference} points (95 % interval {low} to {high})"
    yield f"McNemar's exact test: p = {found['p_value']:.3g}"
    if found["low"] <= 0 <= found["high"]:
        yield "these pictures do not show which model is better"


def confusion_csv(predictions: Predictions, classes: Sequence[str]) -> Iterator[Sequence[object]]:
    """The confusion matrix: a row a right class, a column a predicted class."""
    size = len(classes)
    counts = (predictions.labels * size + predictions.predicted).bincount(minlength=size * size).view(size, size)
    yield ["right class / predicted", *map(printable, classes)]
    for name, row in zip(classes, counts.tolist(), strict=True):
        yield [printable(name), *row]


def pictures_csv(predictions: Predictions, classes: Sequence[str]) -> Iterator[Sequence[object]]:
    """A row a picture: its path, its class, what is predicted, and the probabilities of both."""
    yield ["path", "class", "predicted", "right", "probability", "probability_of_class"]
    probabilities = (predictions.logits / predictions.temperature).softmax(1)
    numbers = torch.arange(len(probabilities))
    columns = (
        predictions.paths,
        predictions.labels.tolist(),
        predictions.predicted.tolist(),
        probabilities[numbers, predictions.predicted].tolist(),
        probabilities[numbers, predictions.labels].tolist(),
    )
    shown = list(map(printable, classes))
    for path, label, predicted, probability, own in zip(*columns, strict=True):
        right = int(label == predicted)
        yield [printable(path), shown[label], shown[predicted], right, f"{probability:.6f}", f"{own:.6f}"]


def write(file: Path, rows: Iterator[Sequence[object]]) -> None:
    """Write rows as CSV, whole or not at all.

    Raises:
        UserError: the file cannot be written.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    try:
        with atomic_write(file) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")
            temporary.replace(file)
    except OSError as error:
        raise UserError("File not written", f"{file}: {error.strerror or error}; name another one") from None
