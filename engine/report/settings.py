"""The configuration of a run as text, what its recipe chose, and the commands that make the run again."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from engine.config import RunConfig
from engine.config.sections import CheckpointConfig, HooksConfig
from engine.config.values import flat
from engine.protocol.printable import printable
from engine.recipes.choices import BY_SIZE, CHOICES
from engine.report.facts import RunFacts
from engine.storage.run_folder import CONFIG


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting that a recipe chooses where nobody has given it."""

    key: str
    chosen: str
    value: str
    "what the run has"

    @property
    def kept(self) -> bool:
        """Whether the run has what the recipe chooses."""
        return self.chosen == self.value


def choices(facts: RunFacts) -> list[Choice]:
    """What the recipe of the run chooses; empty if it chooses nothing, or the configuration is not known."""
    if facts.config is None:
        return []
    values = dict(CHOICES.get(facts.config.recipe, {}))
    if facts.run is not None and facts.run.train_images and facts.config.recipe in BY_SIZE:
        values |= BY_SIZE[facts.config.recipe](facts.run.train_images)
    now = flat(facts.config)
    return [Choice(key, plain(value), plain(now.get(key))) for key, value in values.items()]


def yaml_of(config: RunConfig) -> str:
    """The configuration as YAML, without its hooks: their arguments may be addresses and keys."""
    return config.model_copy(update={"hooks": HooksConfig()}).to_yaml()


def without_places(config: RunConfig) -> RunConfig:
    """The configuration without folders of this machine; of a file of weights or a table only the name is left."""
    table = None if config.data.csv is None else Path(config.data.csv.name)
    dataset = config.data.dataset
    if dataset is not None and PurePath(dataset).is_absolute():
        dataset = PurePath(dataset).name
    places = {"root": None, "roots": (), "csv": table, "dataset": dataset}
    data = config.data.model_copy(update=places)
    kept = config.checkpoint.model_copy(update={"dir": CheckpointConfig().dir})
    model = config.model.model_copy(update={"weights": PurePath(config.model.weights).name})
    return config.model_copy(update={"data": data, "model": model, "checkpoint": kept})


def has_hooks(config: RunConfig) -> bool:
    """Whether `yaml_of` leaves something out."""
    return config.hooks != HooksConfig()


def commands(facts: RunFacts, name: str = "") -> Iterator[tuple[str, str]]:
    """What each command does, and the command. They name the run's folder, or `name`."""
    run = shlex.quote(name or printable(str(facts.folder.absolute())))
    if facts.winner is not None and facts.winner.size is not None:
        yield "label pictures with the best weights", f"finetune-tui predict {run} PICTURES"
    if facts.finished is not None and facts.finished.weights_sha256:
        yield (
            "train it again from its journal, every command at its step, and compare the weights",
            f"finetune-tui replay {run}",
        )
    elif not facts.status.live:
        yield "go on where it was; a run can be replayed when it has ended", f"finetune-tui --resume {run}"
    if facts.status.live:
        yield "watch it", f"finetune-tui attach {run}"
    if any(deed.by_hand for deed in facts.deeds):
        yield "write its changes by hand as a configuration", f"finetune-tui schedule {run} --out good.yaml"
    if facts.config is not None:
        file = shlex.quote(f"{name}/{CONFIG}" if name else printable(str(facts.folder.absolute() / CONFIG)))
        yield "start a new run with the same configuration, without the commands", f"finetune-tui {file}"


def plain(value: object) -> str:
    """A value of the configuration as text."""
    return "true" if value is True else "false" if value is False else "null" if value is None else f"{value}"
