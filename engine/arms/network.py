"""A model on its device: its precision, its compilation, and which part of it is trained."""

import contextlib
import copy
import hashlib
import inspect
import logging
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from engine.arms.features import FeatureBatch
from engine.arms.interruption import unless
from engine.arms.moving_average import MovingAverage
from engine.arms.setup import Setup
from engine.arms.trial_step import Forward, TrialStep, why
from engine.data.batches import Batch
from engine.hardware.device import autocast_dtype, choose_precision
from engine.models.build import BuiltModel
from engine.models.exact_norm import make_batch_norm_exact
from engine.models.fitted_head import FittedHead
from engine.models.sync_norm import synchronise_batch_norm

# torch 2.14 renames this argument and warns if the old name is used.
_NAMES = inspect.signature(DistributedDataParallel).parameters
_NO_BUFFER_SYNC: dict[str, Any] = {next(n for n in ("forward_sync_buffers", "broadcast_buffers") if n in _NAMES): False}


class Network:
    """Computes logits for batches."""

    def __init__(self, built: BuiltModel, setup: Setup, *, keep_statistics: bool = False) -> None:
        """With `keep_statistics`, batch norm keeps its running statistics and uses them in training."""
        device = setup.device
        # Convolutions are faster on CPUs and tensor cores if the channels of a pixel are adjacent in memory.
        self.model = built.model.to(device).to(memory_format=torch.channels_last)
        self._distributed = setup.processes.size > 1
        if self._distributed:
            self.model = synchronise_batch_norm(self.model, device)
        elif device.type == "cpu":
            make_batch_norm_exact(self.model)  # with adjacent channels torch's own is not
        self._train_model: nn.Module = self.model
        self._head_name = built.head
        self.head: Any = self.model.get_submodule(built.head)
        self.classes = len(setup.classes)
        self.precision = choose_precision(setup.config.train.precision, device)
        self._autocast_dtype = autocast_dtype(self.precision)
        self._device = device
        self._transfer = setup.transfer
        self.trained_groups: frozenset[str] = frozenset()
        "the parameter groups that are not frozen"
        self.backbone_frozen = False
        "whether only the last layer is trained"
        self._frozen_modules: list[nn.Module] = []
        self._keep_statistics = keep_statistics
        ema = setup.config.train.ema
        self._average = MovingAverage(self.model, ema) if ema else None
        self._training: bool | None = None
        self._compiled: Forward | None = None
        self._compiled_for: tuple[int, frozenset[str]] = (0, frozenset())

    def train(self, groups: frozenset[str]) -> None:
        """Train only these parameter groups from now on. Their parameters must have `requires_grad` set.

        A layer with only frozen parameters stays in evaluation mode, so batch norm keeps its statistics.
        """
        self.trained_groups = groups
        outside = (p for name, p in self.model.named_parameters() if not name.startswith(f"{self._head_name}."))
        self.backbone_frozen = not any(parameter.requires_grad for parameter in outside)
        self._frozen_modules = [
            module
            for module in self.model.modules()
            if _is_frozen(module) or (self._keep_statistics and isinstance(module, _BatchNorm))
        ]
        self._training = None
        if self._distributed:
            # DistributedDataParallel expects a gradient for each parameter that was trainable when it was built, so
            # it is built again. Buffers need no synchronisation: batch norm computes them from the whole batch.
            self._train_model = DistributedDataParallel(self.model, **_NO_BUFFER_SYNC)

    def prepare(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """The inputs of the model (or of the last layer) and the labels, int64 (N), on the device."""
        return (batch.features, batch.labels) if isinstance(batch, FeatureBatch) else self._transfer(batch)

    def training_logits(self, inputs: torch.Tensor, features: bool) -> torch.Tensor:
        """Logits, float32 (N, classes), in training mode. `features`: the inputs are those of the last layer."""
        self._set_mode(training=not self.backbone_frozen)
        if features:
            return self._forward(inputs, self.head)
        # Another batch size or other trained layers would start another compilation.
        compiled = self._compiled is not None and self._compiled_for == (len(inputs), self.trained_groups)
        return self._forward(inputs, self._compiled if compiled and self._compiled is not None else self._train_model)

    @torch.inference_mode()
    def test_logits(self, inputs: torch.Tensor, features: bool, model: nn.Module | None = None) -> torch.Tensor:
        """Logits, float32 (N, classes), of the weights to use or of another `model`, in evaluation mode."""
        self._set_mode(training=False)
        model = self._scored if model is None else model
        return self._forward(inputs, model.get_submodule(self._head_name) if features else model)

    def set_head(self, head: FittedHead) -> None:
        """Give the last layer other weights, before the first step."""
        with torch.no_grad():
            self.head.weight.copy_(head.weight)
            if self.head.bias is not None:
                self.head.bias.copy_(head.bias)
        if self._average is not None:
            self._average.load(self.model.state_dict(), empty=True)

    def copy_with(self, weights: Mapping[str, torch.Tensor]) -> nn.Module:
        """A copy of the model with other weights, in evaluation mode."""
        model = copy.deepcopy(self.model).requires_grad_(False).eval()
        model.load_state_dict(weights)
        return model

    def no_gradient_sync(self) -> contextlib.AbstractContextManager[None]:
        """Within it the processes do not average their gradients: more of the same batch follows."""
        if isinstance(self._train_model, DistributedDataParallel):
            return self._train_model.no_sync()
        return contextlib.nullcontext()

    def move(self, device: torch.device) -> None:
        """Move the weights and buffers to `device`."""
        self.model.to(device)
        if self._average is not None:
            self._average.move(device)

    def after_step(self, total_steps: int) -> None:
        """Take the weights after one of `total_steps` updates into the average, if there is one (`train.ema`)."""
        if self._average is not None:
            self._average.update(self.model, total_steps)

    @property
    def averages(self) -> bool:
        """Whether the weights to use are an average of those that are trained."""
        return self._average is not None

    @property
    def _scored(self) -> nn.Module:
        return self.model if self._average is None else self._average.model

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        """The weights and buffers to use, which are those that are scored."""
        return dict(self._scored.state_dict())

    def state(self, weights: Mapping[str, torch.Tensor] | None = None) -> dict[str, dict[str, torch.Tensor]]:
        """The weights for a checkpoint: those to use (or `weights`) and, if they differ, those to train."""
        trained = {"trained": dict(self.model.state_dict())} if self.averages or weights is not None else {}
        return {"model": self.weights if weights is None else dict(weights)} | trained

    def load(self, state: Mapping[str, Any]) -> None:
        """Restore what `state` returned. `state["step"]` is the number of updates so far.

        Raises:
            RuntimeError: the weights are not of this model.
        """
        self.model.load_state_dict(state.get("trained", state["model"]))
        if self._average is not None:
            self._average.load(state["model"], empty=state["step"] == 0)

    def features(self, batch: Batch) -> torch.Tensor | None:
        """Inputs (N, features) of the trained last layer for test pictures; `None` if its logits need more."""
        inputs: list[torch.Tensor] = []
        hook = self.head.register_forward_pre_hook(lambda layer, given: inputs.append(given[0]))
        logits = self.test_logits(self.prepare(batch)[0], False, self.model)
        hook.remove()
        if inputs[0].dim() != 2:
            return None
        return inputs[0] if torch.equal(self.test_logits(inputs[0], True, self.model), logits) else None

    def trial_step(self, batch: Batch) -> TrialStep:
        """A step for batches of this size, as `compile` compiles it."""
        self._set_mode(training=not self.backbone_frozen)
        inputs, labels = self.prepare(batch)
        return TrialStep(self._train_model, inputs, labels, self._autocast_dtype)

    def compile(self, batch: Batch, unwanted: Callable[[], bool]) -> str:
        """Compile training for batches of this size. Returns the reason of a failure, or an empty text.

        One trial step runs. It does not change weights, buffers and random numbers, but the caller must clear the
        gradients.

        Raises:
            Interrupted: `unwanted` has become true.
        """
        logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it warns on machines without CUDA
        buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        self._compiled = None
        try:
            with torch.random.fork_rng([self._device] if self._device.type == "cuda" else []):
                compiled = unless(unwanted, self.trial_step(batch).compile)
        except Exception as error:  # the compiler and its tools raise many kinds of errors
            return why(error)
        finally:
            for name, buffer in self.model.named_buffers():
                buffer.copy_(buffers[name])
        self._compiled, self._compiled_for = compiled, (len(batch.labels), self.trained_groups)
        return ""

    def weights_sha256(self) -> str:
        """SHA-256 of the names and bytes of all weights and buffers: equal for bit-identical models."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def _forward(self, inputs: torch.Tensor, network: Forward) -> torch.Tensor:
        with torch.autocast(self._device.type, self._autocast_dtype, enabled=self._autocast_dtype is not None):
            logits = network(inputs)
        return logits.float()

    def _set_mode(self, training: bool) -> None:
        if self._training is not training:  # visiting all modules takes as long as a small step
            self.model.train(training)
            for module in self._frozen_modules if training else ():
                module.eval()
            self._training = training


def _is_frozen(module: nn.Module) -> bool:
    """Whether a layer has parameters itself and none of them is trained."""
    own = list(module.parameters(recurse=False))
    return bool(own) and not any(parameter.requires_grad for parameter in own)
