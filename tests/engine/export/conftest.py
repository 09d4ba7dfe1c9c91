from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config.values import with_values
from engine.data.pictures import Preparation
from engine.data.transfer import Transfer
from engine.inference.choosing import choose_checkpoint
from engine.inference.trained import TrainedModel, load_trained
from engine.models.build import build_for_weights
from tests import programs


def forked_check(arguments: Sequence[str]) -> tuple[int, str]:
    """In a process that knows the tests' models, and has loaded torch before it is forked."""
    done = programs.run("engine.export.check", *arguments)
    return done.returncode, done.stderr


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are loaded in a fork, not in a fresh interpreter."""
    monkeypatch.setattr("engine.export.comparison.run_check", forked_check)


@pytest.fixture
def trained(finished: Path) -> TrainedModel:
    return load_trained(choose_checkpoint(finished), "cpu")


def with_model(trained: TrainedModel, name: str, preparation: Preparation | None = None) -> TrainedModel:
    """The same with another model, which is not trained."""
    model = build_for_weights(name, len(trained.classes)).model.requires_grad_(False).eval()
    config = with_values(trained.config, {"model.name": name})
    transfer = Transfer(preparation or trained.preparation, trained.device)
    return replace(trained, model=model, config=config, transfer=transfer)
