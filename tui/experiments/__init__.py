"""Experiments for somebody who learns fine-tuning. Loads no Textual: a test needs no screen."""

from tui.experiments.experiment import Experiment
from tui.experiments.fitted_head import FittedHead
from tui.experiments.freeze import Freeze
from tui.experiments.known_head import KnownHead
from tui.experiments.raise_rate import RaiseRate

EXPERIMENTS: tuple[type[Experiment], ...] = (RaiseRate, Freeze, KnownHead, FittedHead)

__all__ = ["EXPERIMENTS", "Experiment", "FittedHead", "Freeze", "KnownHead", "RaiseRate"]
