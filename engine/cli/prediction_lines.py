"""Predictions as lines of output: for people, as CSV, and as JSON. Loads no torch by itself."""

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.protocol.printable import json_line, printable, unicode_text

if TYPE_CHECKING:
    from engine.inference.predictor import Prediction  # which loads torch

UNSURE = "unsure"
GAP = "  "
WIDEST = 60  # characters of the column of paths; a longer path moves the rest of its line to the right


class Answer(NamedTuple):
    """What is said of a picture that can be read."""

    path: str
    top: Sequence[tuple[str, float]]
    "the most probable classes, each with its probability"
    unsure: bool
    "whether the probability of the first one is below the threshold"

    @property
    def label(self) -> str:
        """The class, or `unsure`."""
        return UNSURE if self.unsure else self.top[0][0]


class Lines:
    """One form of output: what comes first, and the line of an answer."""

    def __init__(self, files: Sequence[str], classes: Sequence[str], top_k: int) -> None:
        self._paths = min(max(len(printable(file)) for file in files), WIDEST)
        self._labels = max(len(printable(name)) for name in (*classes, UNSURE))
        self._top_k = min(top_k, len(classes))
        self._classes = classes

    def answer_of(self, prediction: "Prediction", threshold: float) -> Answer:
        """The answer for a picture that can be read; below `threshold` it is unsure."""
        top = [(self._classes[label], probability) for label, probability in prediction.top(self._top_k)]
        return Answer(unicode_text(prediction.path), top, top[0][1] < threshold)

    def header(self) -> str:
        """The first line, or an empty text."""
        return ""

    def line(self, answer: Answer) -> str:
        """The line of an answer."""
        raise NotImplementedError

    def unreadable(self, path: str, reason: str) -> str:
        """The line of a picture that cannot be read, or an empty text if the form has no place for it."""
        return ""


class TextLines(Lines):
    """For people: path, label, probability, then the next classes."""

    def line(self, answer: Answer) -> str:
        """The line of an answer. An unsure one shows its best class after the label."""
        (best, probability), *others = answer.top
        label = f"{printable(answer.label):<{self._labels}}"
        further = [(best, probability), *others] if answer.unsure else others
        more = [f"{printable(name)} {share:.1%}" for name, share in further]
        first = "     -" if answer.unsure else f"{probability:6.1%}"
        return GAP.join((f"{printable(answer.path):<{self._paths}}", label, first, *more)).rstrip()


class CsvLines(Lines):
    """With commas: path, label, probability, then the next classes; names as they are shown to people."""

    def header(self) -> str:
        """The names of the columns."""
        further = (name for k in range(2, self._top_k + 1) for name in (f"class_{k}", f"probability_{k}"))
        return _csv(["path", "label", "class", "probability", *further])

    def line(self, answer: Answer) -> str:
        """The line of an answer. `label` is the class, or `unsure`."""
        return _csv([answer.path, answer.label, *(value for name, p in answer.top for value in (name, f"{p:.6f}"))])


class JsonLines(Lines):
    """An object a picture."""

    def line(self, answer: Answer) -> str:
        """The object of an answer."""
        top = [{"class": name, "probability": round(probability, 6)} for name, probability in answer.top]
        values = {"path": answer.path, "label": answer.label, "probability": top[0]["probability"], "top": top}
        return json_line(values | {"unsure": answer.unsure})

    def unreadable(self, path: str, reason: str) -> str:
        """The object of a picture that cannot be read."""
        return json_line({"path": unicode_text(path), "error": reason})


def _csv(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(map(printable, values))
    return text.getvalue()
