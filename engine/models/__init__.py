"""Classifiers: built by name, with pretrained or random weights and a new last layer."""

from engine.models.build import Classifier, build, fetch, preparation

__all__ = ["Classifier", "build", "fetch", "preparation"]
