"""A trained model, loaded from a checkpoint with all that is needed to use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.config import RunConfig
from engine.data.pictures import Preparation
from engine.data.transfer import Transfer
from engine.errors import CheckpointError, WeightsError
from engine.hardware.device import autocast_dtype, choose_device, choose_precision
from engine.inference.choosing import describe
from engine.models.build import build_for_weights, preparation
from engine.models.weights import as_preparation
from engine.storage import checkpoint


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model in evaluation mode on its device."""

    file: Path
    "the checkpoint"
    model: nn.Module
    "takes normalised pictures, float32 (N, 3, size, size); returns logits (N, classes)"
    head: str
    "dotted name of the last layer"
    classes: Sequence[str]
    transfer: Transfer
    "normalises prepared pictures"
    temperature: float
    "divides the logits before the softmax; fitted to validation pictures, 1.0 if it was not"
    config: RunConfig
    device: torch.device
    description: str
    "which weights these are, in one line for people"
    facts: dict[str, Any]
    "the plain values of the checkpoint: its arm, step, history and so on"

    @property
    def preparation(self) -> Preparation:
        """How pictures are prepared for it."""
        return self.transfer.preparation

    @torch.inference_mode()
    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits, float32 (N, classes) on the CPU, of prepared pictures, uint8 (N, 3, size, size)."""
        inputs = self.transfer.normalise(pixels.to(self.device))
        dtype = autocast_dtype(choose_precision(self.config.train.precision, self.device))
        with torch.autocast(self.device.type, dtype, enabled=dtype is not None):
            found: torch.Tensor = self.model(inputs.contiguous(memory_format=torch.channels_last))
        return found.float().cpu()

    def probabilities(self, pixels: torch.Tensor, mirrored: bool = False) -> torch.Tensor:
        """Calibrated probabilities, float32 (N, classes), of prepared pictures, uint8 (N, 3, size, size).

        With `mirrored`, the mean of those of each picture and of its mirror image (test-time augmentation).
        """
        own = (self.logits(pixels) / self.temperature).softmax(1)
        if not mirrored:
            return own
        return (own + (self.logits(pixels.flip(3)) / self.temperature).softmax(1)) / 2


def load_trained(file: Path, device: str = "auto") -> TrainedModel:
    """Load a checkpoint.

    Raises:
        CheckpointError: the file is missing or damaged, or is no checkpoint of this program.
        WeightsError: its model is not known here.
        ConfigError: this machine does not have the `device`.
    """
    state = checkpoint.load(file)
    config = RunConfig.model_validate(state["config"])
    place = choose_device(device)
    built = build_for_weights(config.model.name, len(state["classes"]))
    try:
        built.model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise CheckpointError(
            "Checkpoint does not fit", f"{file} does not fit {config.model.name}: {str(error).splitlines()[-1].strip()}"
        ) from None
    model = built.model.requires_grad_(False).eval().to(place).to(memory_format=torch.channels_last)
    facts = {key: value for key, value in state.items() if key not in ("model", "trained", "optimizer", "scaler")}
    return TrainedModel(
        file,
        model,
        built.head,
        tuple(state["classes"]),
        Transfer(_preparation(file, state, config), place),
        state.get("temperature", 1.0),
        config,
        place,
        describe(file, state),
        facts,
    )


def _preparation(file: Path, state: dict[str, Any], config: RunConfig) -> Preparation:
    """As it was in training. Older checkpoints do not have it; then it follows from the configuration."""
    if "preparation" in state:
        return as_preparation(state["preparation"])
    try:
        return preparation(config.model, config.data.image_size)
    except WeightsError:
        raise CheckpointError(
            "Preparation not known",
            f"{file} is of an older version and does not say how pictures are prepared; that is in the file of the "
            f"pretrained weights, {config.model.weights}, which is missing or cannot be read; put it back",
        ) from None
