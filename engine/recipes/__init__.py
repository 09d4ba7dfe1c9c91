"""Recipes: the decisions of a training method. They are parameter groups and rates, schedule, augmentation and loss.

A new recipe is a module here with one class, and a row in `RECIPES`. The setting `recipe` names it. An arm calls the
methods of its recipe and knows no recipe by name.

- `recipe`: the base class, and the class of a parameter group.
- `lesson`: the recipe of the lesson, the default.
- `schedule`: learning-rate schedules.

May import `models`, `data`, `sinks`, `metrics`, `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""

from engine.config import RunConfig
from engine.errors import ConfigError
from engine.recipes.lesson import Lesson
from engine.recipes.recipe import ParameterGroup, Recipe, TrainTransform

RECIPES: dict[str, type[Recipe]] = {"lesson": Lesson}


def recipe_of(config: RunConfig) -> Recipe:
    """A new object of the recipe that a configuration names.

    Raises:
        ConfigError: the recipe does not exist.
    """
    if config.recipe not in RECIPES:
        known = ", ".join(RECIPES)
        raise ConfigError("Unknown recipe", f"recipe `{config.recipe}` is not known; use one of {known}")
    return RECIPES[config.recipe](config)


__all__ = ["RECIPES", "ParameterGroup", "Recipe", "TrainTransform", "recipe_of"]
