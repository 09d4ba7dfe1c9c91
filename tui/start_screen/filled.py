"""A form as somebody has filled it in, to be shown again where its run does not start. Loads no Textual."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Filled:
    """What has been typed on the page of a run."""

    source: list[str]
    "the arguments that name the pictures"
    heading: str
    values: dict[str, str] = field(default_factory=dict)
    "texts by the names of fields"


@dataclass(frozen=True)
class Answer:
    """What the start screen has come to."""

    words: list[str]
    "arguments of `finetune-tui`"
    form: Filled | None = None
    "where they were chosen, if that was a form"

    def as_plain_values(self) -> dict[str, Any]:
        """For JSON; `answer` reads it."""
        return asdict(self)


def answer(values: dict[str, Any]) -> Answer:
    """The answer with these plain values."""
    form = values["form"]
    return Answer(values["words"], Filled(**form) if form is not None else None)
