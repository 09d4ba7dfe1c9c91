"""What is decided before a step is done: parameter groups and their rates, schedule, augmentation, loss.

A recipe is a module here with one class and a row in `RECIPES`; the setting `recipe` names it. An arm asks its recipe
and knows none by name.

May import `models`, `data` and what they may import.
"""

from engine.config import RunConfig
from engine.errors import ConfigError
from engine.recipes.lesson import Lesson
from engine.recipes.recipe import ParameterGroup, Recipe, TrainTransform

RECIPES: dict[str, type[Recipe]] = {"lesson": Lesson}


def recipe_of(config: RunConfig) -> Recipe:
    """A new object of the recipe that a configuration names.

    Raises:
        ConfigError: there is no such recipe.
    """
    if config.recipe not in RECIPES:
        known = ", ".join(RECIPES)
        raise ConfigError("Unknown recipe", f"recipe `{config.recipe}` is not known; use one of {known}")
    return RECIPES[config.recipe](config)


__all__ = ["RECIPES", "ParameterGroup", "Recipe", "TrainTransform", "recipe_of"]
