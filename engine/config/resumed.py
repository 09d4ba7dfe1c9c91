"""Changed settings of a resumed run: finding them, applying them, and undoing them."""

from collections.abc import Iterable

import yaml
from pydantic import ValidationError

from engine.config import RunConfig, known_keys
from engine.config.problems import Origin, describe
from engine.config.values import flat, given_keys, put_values, with_values
from engine.errors import ConfigError
from engine.protocol import Setting, SettingsChanged

KEPT = {
    "name": "the run has its name",
    "seed": "the split and the order of the pictures depend on it",
    "init": "an arm is current already",
    "recipe": "the parameter groups depend on it",
    "data.val_fraction": "the split of the pictures depends on it",
    "data.split_val": "the split of the pictures depends on it",
    "data.part_column": "the split of the pictures depends on it",
    "data.group": "the split of the pictures depends on it",
    "data.exclude": "its further lines about training pictures count from the next epoch on",
    "optim.decay_norms": "the parameter groups depend on it",
    "train.metric": "the best weights so far were chosen by it",
}
"settings that a run cannot change, and why"
LEFT_TO_THE_RUN = {"data.cache_format": "auto"}
"values that leave to a run what it chose when it began"
EFFECTS = {
    "model.weights": "takes effect if the pretrained arm is not built yet",
    "model.head": "takes effect if the pretrained arm is not built yet",
    "schedule.changes": "takes effect from here on",
}


def differences(before: RunConfig, now: RunConfig) -> tuple[Setting, ...]:
    """The settings that differ between two configurations, and what a resume does with them."""
    old, new = flat(before), flat(now)
    return tuple(
        Setting(
            key,
            as_yaml(old.get(key)),
            as_yaml(value),
            f"stays as it was: {KEPT[key]}" if key in KEPT else EFFECTS.get(key, "takes effect"),
            key not in KEPT,
        )
        for key, value in new.items()
        if value != old.get(key)
    )


def with_given(before: RunConfig, now: RunConfig) -> RunConfig:
    """`before` with the values that `now` gives. What it does not give stays as the run has it.

    Raises:
        ConfigError: the given values contradict those of the run.
    """
    values = flat(now)
    try:
        given = {key: values[key] for key in given_keys(now) if LEFT_TO_THE_RUN.get(key, ...) != values[key]}
        return with_values(before, given)
    except ValidationError as error:
        raise _contradiction(error) from None


def with_given_again(before: RunConfig, now: RunConfig) -> RunConfig:
    """The same for a run without a checkpoint, which begins again: what nobody gave is still the recipe's to choose.

    Raises:
        ConfigError: the given values contradict those of the run.
    """
    values, merged = flat(now), before.model_dump(mode="json", exclude_unset=True)
    put_values(merged, {key: values[key] for key in given_keys(now)})
    try:
        return RunConfig.model_validate(merged)
    except ValidationError as error:
        raise _contradiction(error) from None


def with_kept(before: RunConfig, now: RunConfig) -> RunConfig:
    """`now`, but with the settings of `before` that a run cannot change."""
    old = flat(before)
    return with_values(now, {key: old[key] for key in KEPT})


def with_changes(config: RunConfig, changed: SettingsChanged) -> RunConfig:
    """`config` after settings were changed."""
    return with_values(config, {item.key: yaml.safe_load(item.now) for item in changed.settings if item.applied})


def before_changes(config: RunConfig, changes: Iterable[SettingsChanged]) -> RunConfig:
    """`config` before settings were changed, in this order."""
    for changed in reversed(list(changes)):
        config = with_values(
            config, {item.key: yaml.safe_load(item.before) for item in changed.settings if item.applied}
        )
    return config


def _contradiction(error: ValidationError) -> ConfigError:
    problems = [describe(item, Origin("--resume"), known_keys()) for item in error.errors()]
    return ConfigError("Unusable configuration", "\n".join(problems))


def as_yaml(value: object) -> str:
    """A value as YAML, as after a key."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False).removesuffix("\n...\n").strip()
