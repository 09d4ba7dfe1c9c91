"""Backbones by name, their weights, and the head.

A family of backbones is a module here with the functions of `family.Family`, and a row in `families.FAMILIES`.

- `build`: builds a classifier of any family, with pretrained or random weights and a new head for the user's classes.
- `families`: the table of families, and the search for a model by name.
- `family`: the functions that a family must have.
- `torchvision_models`: torchvision's classification models, the default family.
- `head`: finds and replaces the last layer.
- `listing`: what is known of a model before it is built.
- `stages`: finds the stages of a backbone.
- `weights`: reads files of weights.
- `published`: downloads the weights that a library publishes.
- `warm_start`: starts the new head with rows of the pretrained head.
- `exact_norm`: batch norm with exact statistics on CPUs.
- `sync_norm`: batch norm over several processes.

May import `data`, `sinks`, `metrics`, `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""

from engine.models.build import BuiltModel, build, fetch, preparation

__all__ = ["BuiltModel", "build", "fetch", "preparation"]
