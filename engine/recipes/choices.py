"""The values that a recipe chooses for settings that nobody has given. Loads no torch."""

from collections.abc import Callable, Mapping
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
        "optim.name": "adamw",
        "optim.weight_decay": 0.01,
        "optim.decay_norms": False,
        "optim.lr": 1e-4,
        "optim.scratch_lr": 1e-3,
        "schedule.name": "cosine",
        "schedule.warmup": 0.1,
        "train.clip": 1.0,
    },
    "lesson": {},
}
"the values by dotted key that each recipe chooses; `lesson` has the defaults of the settings"

MAX_EPOCHS, MIN_EPOCHS = 5, 3
SEEN = 100_000


def _auto_by_size(train_images: int) -> dict[str, Any]:
    """Fewer epochs where there are many pictures: a run sees about `SEEN` of them.

    Up to 20,000 pictures it has all epochs. There the rule of BiT (Kolesnikov et al., 2019, arXiv 1912.11370) begins to
    count more steps, too. On three sets of up to 1,000 pictures, 8 epochs were about a point better than 4, and took
    about twice the time.
    """
    return {"train.epochs": min(max(round(SEEN / train_images), MIN_EPOCHS), MAX_EPOCHS)}


BY_SIZE: dict[str, Callable[[int], dict[str, Any]]] = {"auto": _auto_by_size}
"the values that a recipe chooses when it knows the number of training pictures"


def chosen(config: RunConfig, train_images: int | None = None) -> dict[str, Any]:
    """The values by dotted key that the recipe of a configuration chooses.

    Those that depend on the number of training pictures are only there if it is known.
    """
    values = dict(CHOICES.get(config.recipe, {}))
    if train_images is not None and config.recipe in BY_SIZE:
        values |= BY_SIZE[config.recipe](train_images)
    given = set(given_keys(config))
    return {key: value for key, value in values.items() if key not in given}


def complete(config: RunConfig, train_images: int | None = None) -> RunConfig:
    """The configuration with the values that its recipe chooses. In the result every key counts as given.

    Raises:
        ConfigError: nothing would be trained.
    """
    whole = with_values(config, chosen(config, train_images))
    if whole.train.epochs == 0 and (whole.init == "scratch" or whole.model.head != "fitted"):
        raise ConfigError(
            "Nothing to train", "train.epochs 0 only fits the head: it needs model.head fitted and init pretrained"
        )
    return whole
