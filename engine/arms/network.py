"""A model on its device: how exactly it computes, compiled or not, all of it or its last layer alone."""

import contextlib
import hashlib
import inspect
import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from engine.arms.features import FeatureBatch
from engine.arms.setup import Setup
from engine.data.batches import Batch
from engine.hardware.device import choose_precision
from engine.models.build import Classifier
from engine.models.sync_norm import synchronise_batch_norm

# torch 2.14 has another name for it, and warns of the old one.
_NAMES = inspect.signature(DistributedDataParallel).parameters
_OWN_BUFFERS: dict[str, Any] = {next(n for n in ("forward_sync_buffers", "broadcast_buffers") if n in _NAMES): False}
_MIXED = {"bfloat16": torch.bfloat16, "float16": torch.float16}
Forward = Callable[[torch.Tensor], torch.Tensor]


class Network:
    """From a batch to logits."""

    def __init__(self, built: Classifier, setup: Setup) -> None:
        device = setup.device
        # Convolutions are faster, on CPUs and on GPUs with tensor cores, where a pixel's channels lie side by side.
        self.model = built.model.to(device).to(memory_format=torch.channels_last)
        self._distributed = setup.processes.size > 1
        if self._distributed:
            self.model = synchronise_batch_norm(self.model, device)
        self._trained: nn.Module = self.model
        self._head_name = built.head
        self.head = self.model.get_submodule(built.head)
        self.classes = len(setup.classes)
        self.precision = choose_precision(setup.config.train.precision, device)
        self._mixed = _MIXED.get(self.precision)
        self._device = device
        self._transfer = setup.transfer
        self.trained: frozenset[str] = frozenset()
        "the parameter groups that are not frozen"
        self.backbone_frozen = False
        "whether all layers but the last one are left as they are"
        self._frozen_modules: list[nn.Module] = []
        self._training: bool | None = None
        self._compiled: Forward | None = None
        self._compiled_for: tuple[int, frozenset[str]] = (0, frozenset())

    def train(self, groups: frozenset[str]) -> None:
        """Train these parameter groups from now on, whose parameters want gradients, and no others.

        A layer whose parameters are all frozen is in evaluation mode: the statistics of its batch norm are frozen, too.
        """
        self.trained = groups
        outside = (p for name, p in self.model.named_parameters() if not name.startswith(f"{self._head_name}."))
        self.backbone_frozen = not any(parameter.requires_grad for parameter in outside)
        self._frozen_modules = [module for module in self.model.modules() if _is_frozen(module)]
        self._training = None
        if self._distributed:
            # It counts on a gradient for each parameter that wanted one when it was made. No process has buffers of
            # its own to hand out: they are all computed from the whole batch.
            self._trained = DistributedDataParallel(self.model, **_OWN_BUFFERS)

    def prepare(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """The model's, or the last layer's, inputs, and labels, int64 (N), on the device."""
        return (batch.features, batch.labels) if isinstance(batch, FeatureBatch) else self._transfer(batch)

    def train_on(self, inputs: torch.Tensor, features: bool) -> torch.Tensor:
        """Logits, float32 (N, classes), to learn from; `features` says that the inputs are the last layer's."""
        self._set_mode(training=not self.backbone_frozen)
        if features:
            return self._forward(inputs, self.head)
        # A batch of another size, or other layers, would be compiled for anew.
        compiled = self._compiled is not None and self._compiled_for == (len(inputs), self.trained)
        return self._forward(inputs, self._compiled if compiled and self._compiled is not None else self._trained)

    @torch.inference_mode()
    def test_on(self, inputs: torch.Tensor, features: bool) -> torch.Tensor:
        """Logits, float32 (N, classes), without what is for training only."""
        self._set_mode(training=False)
        return self._forward(inputs, self.head if features else self.model)

    def gradients_wait(self) -> contextlib.AbstractContextManager[None]:
        """While more of the same batch follows, the processes need not average their gradients yet."""
        if isinstance(self._trained, DistributedDataParallel):
            return self._trained.no_sync()
        return contextlib.nullcontext()

    def move(self, device: torch.device) -> None:
        """Move the weights and buffers elsewhere, and back again."""
        self.model.to(device)

    def features(self, batch: Batch) -> torch.Tensor | None:
        """What reaches the last layer of test pictures, (N, features); `None` if more than that layer follows."""
        inputs: list[torch.Tensor] = []
        hook = self.head.register_forward_pre_hook(lambda layer, given: inputs.append(given[0]))
        logits = self.test_on(self.prepare(batch)[0], features=False)
        hook.remove()
        if inputs[0].dim() != 2:
            return None
        return inputs[0] if torch.equal(self.test_on(inputs[0], features=True), logits) else None

    def compile(self, batch: Batch) -> str:
        """Compile training on batches of this size; why that failed, empty if it did not.

        The model is left as it was: what the trial changes is put back, and gradients are to be cleared.
        """
        logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it misses CUDA where there is none
        buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        inputs, labels = self.prepare(batch)
        self._compiled, self._compiled_for = torch.compile(self._trained), (len(labels), self.trained)
        try:
            cross_entropy(self.train_on(inputs, features=False), labels).backward()  # type: ignore[no-untyped-call]
        except Exception as error:  # whatever the compiler, or what it compiles with, comes up with
            self._compiled = None
            return next(iter(str(error).strip().splitlines()), type(error).__name__)
        finally:
            for name, buffer in self.model.named_buffers():
                buffer.copy_(buffers[name])
        return ""

    def weights_sha256(self) -> str:
        """Checksum over names and bytes of all weights and buffers, equal for bit-equal models."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def _forward(self, inputs: torch.Tensor, network: Forward) -> torch.Tensor:
        with torch.autocast(self._device.type, self._mixed, enabled=self._mixed is not None):
            logits = network(inputs)
        return logits.float()

    def _set_mode(self, training: bool) -> None:
        if self._training is not training:  # going through all the modules takes as long as a small step
            self.model.train(training)
            for module in self._frozen_modules if training else ():
                module.eval()
            self._training = training


def _is_frozen(module: nn.Module) -> bool:
    """Whether a layer has parameters of its own and none of them is trained."""
    own = list(module.parameters(recurse=False))
    return bool(own) and not any(parameter.requires_grad for parameter in own)
