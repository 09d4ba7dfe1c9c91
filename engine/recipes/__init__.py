"""Recipes: the decisions of a training method. They are parameter groups and rates, schedule, augmentation and loss.

A new recipe is a module here with one class, a row in `table.RECIPES`, and a row in `choices.CHOICES` with the settings
that it chooses. The setting `recipe` names it. An arm calls the methods of its recipe and knows no recipe by name.

- `table`: the recipes by name.
- `recipe`: the base class, and the class of a parameter group.
- `lesson`: the recipe of the lesson.
- `auto`: a fitted head, then gentle training; the recipe for a user's own folder.
- `choices`: the values that a recipe chooses for settings that nobody has given.
- `schedule`: learning-rate schedules.

May import `models`, `data`, `sinks`, `metrics`, `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""
