"""The values that a recipe chooses for settings that nobody has given. Loads no torch."""

from collections.abc import Mapping
from typing import Any

from engine.config import RunConfig
from engine.config.values import given_keys, with_values
from engine.errors import ConfigError

CHOICES: dict[str, Mapping[str, Any]] = {
    "auto": {
        "data.split_val": True,
        "data.crop_scale": 0.5,
        "model.head": "fitted",
        "model.batch_norm": "frozen",
        "model.dropout": 0.0,
        "optim.name": "adamw",
        "optim.weight_decay": 0.01,
        "optim.decay_norms": False,
        "optim.lr": 1e-4,
        "optim.layer_decay": 1.0,
        "optim.scratch_lr": 1e-3,
        "schedule.name": "cosine",
        "schedule.warmup": 0.1,
        "train.clip": 1.0,
    },
    "lesson": {},
}
"the values by dotted key that each recipe chooses; `lesson` has the defaults of the settings"


def chosen(config: RunConfig) -> dict[str, Any]:
    """The values by dotted key that the recipe of a configuration chooses."""
    given = set(given_keys(config))
    return {key: value for key, value in CHOICES.get(config.recipe, {}).items() if key not in given}


def complete(config: RunConfig) -> RunConfig:
    """The configuration with the values that its recipe chooses. In the result every key counts as given.

    Raises:
        ConfigError: nothing would be trained.
    """
    whole = with_values(config, chosen(config))
    if whole.train.epochs == 0 and (whole.init == "scratch" or whole.model.head != "fitted"):
        raise ConfigError(
            "Nothing to train", "train.epochs 0 only fits the head: it needs model.head fitted and init pretrained"
        )
    return whole
