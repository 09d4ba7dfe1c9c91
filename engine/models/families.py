"""The families of backbones. A model is named `family/model`, or just `model` for torchvision's.

A model on the Hugging Face hub, `hf-hub:user/model`, is one of timm's family.
"""

import difflib

from engine.errors import WeightsError
from engine.models import timm_models, torchvision_models
from engine.models.family import Family

OWN = "torchvision"
FAMILIES: dict[str, Family] = {OWN: torchvision_models, "timm": timm_models}


def find_family(name: str) -> tuple[Family, str]:
    """The family of a model, and the model's name in that family.

    Raises:
        WeightsError: the model does not exist; the message has the most similar names.
    """
    if name.removeprefix("timm/").startswith(timm_models.HUB):
        return timm_models, name.removeprefix("timm/")
    prefix, slash, rest = name.partition("/")
    label, inner = (prefix, rest) if slash and prefix in FAMILIES else (OWN, name)
    family = FAMILIES[label]
    known = family.names()
    if inner not in known:
        near = difflib.get_close_matches(inner.lower(), known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "use resnet18, mobilenet_v3_small or the like"
        raise WeightsError("Unknown model", f"model.name `{name}` is no {label} classification model; {hint}")
    return family, inner
