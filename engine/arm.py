"""One arm of the comparison: its model, its optimizer and how far it has come."""

import hashlib
import random
from typing import Any

import torch
from torch import nn

from engine.config import RunConfig
from engine.data.pictures import Preparation
from engine.errors import CheckpointError, EngineError
from engine.models import build
from engine.optim import apply_schedule, build_optimizer
from engine.protocol import Arm
from engine.schedule import multiplier


class TrainedArm:
    """All state of an arm. It changes in `update` and `load` alone; between two updates it can be saved."""

    def __init__(self, arm: Arm, config: RunConfig, classes: int, device: torch.device, prepared: Preparation) -> None:
        built = build(config.model, classes, arm, config.seed)
        self.arm = arm
        self.init = built.init
        self.model = built.model.to(device)
        self.optimizer = build_optimizer(self.model, built.head, config.optim, arm)
        self.step = 0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []
        self.sums = {"loss": 0.0, "correct": 0, "images": 0, "seconds": 0.0, "data_seconds": 0.0}
        self._config = config
        self._device = device
        self._prepared = prepared
        self._loss = nn.CrossEntropyLoss()
        self._bfloat16 = precision(config, device) == "bfloat16"

    @property
    def best_accuracy(self) -> float | None:
        """Best test accuracy so far."""
        return max((row["test_accuracy"] for row in self.history), default=None)

    def update(
        self, images: torch.Tensor, labels: torch.Tensor, total_steps: int
    ) -> tuple[float, int, dict[str, float]]:
        """One step of the optimizer on uint8 `images` (N, 3, H, W) and `labels` (N).

        Returns the mean loss and the number of correct predictions before the update, and the rates used.

        Raises:
            EngineError: the loss is not finite; the weights are as they were.
        """
        # Dropout and the like depend on (seed, step) alone, so a resumed run repeats them exactly.
        torch.manual_seed(random.Random(f"{self._config.seed}/step/{self.step}").getrandbits(62))
        self.model.train()
        labels = labels.to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self.model(self._prepared.normalise(images.to(self._device)))
            loss = self._loss(logits, labels)
        value = float(loss.detach())
        if not torch.isfinite(loss.detach()):
            raise EngineError(
                "Loss is not finite",
                f"{self.arm}, step {self.step + 1}: the loss is {value}; lower the learning rates (for example "
                f"--set optim.groups.backbone.lr=1e-5) and resume from the last checkpoint",
            )
        rates = apply_schedule(self.optimizer, multiplier(self.step, total_steps, self._config.schedule))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.step += 1
        return value, int((logits.argmax(1) == labels).sum()), rates

    @torch.inference_mode()
    def score(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, int]:
        """Summed loss and number of correct predictions on test pictures."""
        self.model.eval()
        labels = labels.to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16):
            logits = self.model(self._prepared.normalise(images.to(self._device)))
        total = nn.functional.cross_entropy(logits.float(), labels, reduction="sum")
        return float(total), int((logits.argmax(1) == labels).sum())

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly here, as plain values and tensors."""
        return {
            "arm": self.arm,
            "step": self.step,
            "seconds": self.seconds,
            "sums": dict(self.sums),
            "model": dict(self.model.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "random": {"seed": self._config.seed, "torch": torch.get_rng_state()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go back to a saved state.

        Raises:
            CheckpointError: it is of another model or optimizer.
        """
        try:
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["random"]["torch"])
            self.step, self.seconds, self.sums = state["step"], state["seconds"], dict(state["sums"])
            self.history = list(state["history"][self.arm])
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                "Checkpoint does not fit",
                f"it is not of this model and optimizer ({str(error).splitlines()[0]}); resume with the settings it "
                f"was made with",
            ) from None
        self.init = f"checkpoint at step {self.step}"

    def weights_sha256(self) -> str:
        """Checksum over names and bytes of all weights and buffers, equal for bit-equal models."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


def choose_device(name: str) -> torch.device:
    """The device a configuration names; `auto` takes CUDA, then MPS, then the CPU.

    Raises:
        EngineError: this machine does not have it.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    present = {"cpu": True, "mps": mps, "cuda": cuda and (device.index or 0) < torch.cuda.device_count()}
    if not present[device.type]:
        from engine.errors import ConfigError

        raise ConfigError("No such device", f"device: {name} is not to be had here; use auto or cpu")
    return device


def precision(config: RunConfig, device: torch.device) -> str:
    """`bfloat16` or `float32`; `auto` takes bfloat16 on CUDA devices that have it."""
    if config.train.precision != "auto":
        return config.train.precision
    return "bfloat16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "float32"
