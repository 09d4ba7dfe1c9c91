"""Runs a model of torch on pictures that come as NumPy arrays."""

from collections.abc import Callable

import torch

from engine.export.reloaded import Values


def answering(model: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Values], Values]:
    """The function of `Reloaded` that answers with a model's logits, float32."""

    @torch.inference_mode()
    def logits(images: Values) -> Values:
        found: Values = model(torch.from_numpy(images)).float().numpy()
        return found

    return logits
