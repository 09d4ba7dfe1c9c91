"""A model on its device: how exactly it computes, compiled or not, all of it or its last layer alone."""

import hashlib
import inspect
import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from engine.config import TrainConfig
from engine.data.batches import Batch
from engine.data.feed import Feed
from engine.device import choose_precision
from engine.features import FeatureBatch
from engine.models.build import Classifier
from engine.models.sync_norm import synchronise_batch_norm
from engine.peers import Peers

# torch 2.14 has another name for it, and warns of the old one.
_NAMES = inspect.signature(DistributedDataParallel).parameters
_OWN_BUFFERS: dict[str, Any] = {next(n for n in ("forward_sync_buffers", "broadcast_buffers") if n in _NAMES): False}
_MIXED = {"bfloat16": torch.bfloat16, "float16": torch.float16}
Forward = Callable[[torch.Tensor], torch.Tensor]


class Network:
    """From a batch to logits."""

    def __init__(
        self,
        built: Classifier,
        config: TrainConfig,
        *,
        device: torch.device,
        feed: Feed,
        peers: Peers,
        frozen: bool,
    ) -> None:
        # Convolutions are faster, on CPUs and on GPUs with tensor cores, where a pixel's channels lie side by side.
        self.model = built.model.to(device).to(memory_format=torch.channels_last)
        self._trained: nn.Module = self.model
        if peers.size > 1:
            self.model = synchronise_batch_norm(self.model, device)
            # No process has buffers of its own to hand out: they are all computed from the whole batch.
            self._trained = DistributedDataParallel(self.model, **_OWN_BUFFERS)
        self.head = self.model.get_submodule(built.head)
        self.precision = choose_precision(config.precision, device)
        self._mixed = _MIXED.get(self.precision)
        self._device = device
        self._feed = feed
        self._frozen = frozen
        self._compiled: Forward | None = None
        self._compiled_size = 0

    def train_on(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, float32 (N, classes), to learn from, and labels, int64 (N)."""
        self._set_mode(training=not self._frozen)
        # A batch of another size would be compiled for anew.
        if self._compiled is not None and len(batch.labels) == self._compiled_size:
            return self._forward(batch, self._compiled)
        return self._forward(batch, self._trained)

    @torch.inference_mode()
    def test_on(self, batch: Batch | FeatureBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits, float32 (N, classes), without what is for training only, and labels, int64 (N)."""
        self._set_mode(training=False)
        return self._forward(batch, self.model)

    def features(self, batch: Batch) -> torch.Tensor | None:
        """What reaches the last layer of test pictures, (N, features); `None` if more than that layer follows."""
        inputs: list[torch.Tensor] = []
        hook = self.head.register_forward_pre_hook(lambda layer, given: inputs.append(given[0]))
        logits, labels = self.test_on(batch)
        hook.remove()
        if inputs[0].dim() != 2:
            return None
        again, _ = self.test_on(FeatureBatch(inputs[0], labels))
        return inputs[0] if torch.equal(again, logits) else None

    def compile(self, batch: Batch) -> str:
        """Compile training on batches of this size; why that failed, empty if it did not.

        The model is left as it was: what the trial changes is put back, and gradients are to be cleared.
        """
        logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # it misses CUDA where there is none
        buffers = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        self._compiled, self._compiled_size = torch.compile(self._trained), len(batch.labels)
        try:
            cross_entropy(*self.train_on(batch)).backward()  # type: ignore[no-untyped-call]
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

    def _forward(self, batch: Batch | FeatureBatch, whole: Forward) -> tuple[torch.Tensor, torch.Tensor]:
        network: Forward
        if isinstance(batch, FeatureBatch):
            network, inputs, labels = self.head, batch.features, batch.labels
        else:
            network, (inputs, labels) = whole, self._feed(batch)
        with torch.autocast(self._device.type, self._mixed, enabled=self._mixed is not None):
            logits = network(inputs)
        return logits.float(), labels

    def _set_mode(self, training: bool) -> None:
        if self.model.training is not training:  # going through all the modules takes as long as a small step
            self.model.train(training)
