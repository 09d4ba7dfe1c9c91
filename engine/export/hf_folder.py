"""A folder that transformers loads: `AutoModelForImageClassification` and `AutoImageProcessor`."""

from pathlib import Path

from engine.export.answering import answering
from engine.export.exported import Exported
from engine.export.reloaded import Reloaded
from engine.export.timm_twin import configuration, read_facts, twin


def write(exported: Exported, path: Path) -> None:
    """Write `config.json`, which has the preparation of pictures, too, and `model.safetensors`.

    Raises:
        UserError: timm, whose models transformers wraps, does not have the model.
    """
    from transformers import TimmWrapperConfig, TimmWrapperForImageClassification
    from transformers.utils import logging

    logging.disable_progress_bar()
    config = TimmWrapperConfig.from_dict(configuration(exported, twin(exported)))
    model = TimmWrapperForImageClassification(config)
    model.timm_model.load_state_dict(exported.model.state_dict())
    if exported.half:
        model.half()
    model.save_pretrained(path)


def read(path: Path) -> Reloaded:
    """The model in transformers. It computes in the type of its weights, and takes float32 pictures all the same."""
    from transformers import AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(path).eval()

    return Reloaded(read_facts(path), answering(lambda images: model(images).logits))
