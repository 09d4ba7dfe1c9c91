"""The table of recipes."""

from engine.config import RunConfig
from engine.errors import ConfigError
from engine.recipes.auto import Auto
from engine.recipes.lesson import Lesson
from engine.recipes.recipe import Recipe

RECIPES: dict[str, type[Recipe]] = {"lesson": Lesson, "auto": Auto}


def recipe_of(config: RunConfig) -> Recipe:
    """A new object of the recipe that a configuration names.

    Raises:
        ConfigError: the recipe does not exist.
    """
    if config.recipe not in RECIPES:
        known = ", ".join(RECIPES)
        raise ConfigError("Unknown recipe", f"recipe `{config.recipe}` is not known; use one of {known}")
    return RECIPES[config.recipe](config)
