"""Backbones by name, their weights, and the head.

A family of backbones is a module here with the functions of `family.Family`, and a row in `families.FAMILIES`;
torchvision is one. `build` makes a classifier of any of them: pretrained or random weights, and a new head for the
user's classes. `weights` reads files of weights, `published` downloads those of a library.

May import `data` and what `data` may import.
"""

from engine.models.build import Classifier, build, fetch, preparation

__all__ = ["Classifier", "build", "fetch", "preparation"]
