"""The fields of a run: what can be chosen on its page, and the arguments of `finetune-tui` for it. Loads no Textual."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.config import RunConfig
from engine.config.sections import GroupsConfig
from engine.recipes.choices import CHOICES
from tui.format import rate

MODELS = ("resnet18", "resnet50", "mobilenet_v3_small", "efficientnet_b0", "convnext_tiny", "vit_b_16")
LAYERS = {"backbone": "the old layers", "head": "the new last layer"}
"what parameter groups are of"
RATE = r"[\d.eE+-]*"
RATES = ("1e-5", "2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "1e-3", "2e-3", "5e-3", "0.01")
NO_WEIGHTS = "none"
"random weights: the arm `scratch`"


@dataclass(frozen=True)
class Field:
    """A setting of a run that can be chosen."""

    name: str
    key: str
    "the setting in a configuration, with dots"
    words: Callable[[str], list[str]]
    "the arguments that choose a value"
    default: Callable[[RunConfig], str]
    "the value that a configuration has"
    choices: tuple[str, ...]
    "values that are offered"
    help: str
    allowed: str = r".*"
    "a pattern of what can be typed"
    side: Literal["what", "how"] = "how"
    "what is trained, or how"
    start: Literal["weights", "random"] | None = None
    "the runs that have the setting: those that start from weights, or from none; `None`: both"
    recipe: str | None = None
    "the recipe that has the setting; `None`: all have it"

    is_path: bool = False
    "whether the path of a file can be typed, too"

    def belongs_to(self, weights: str, recipe: str) -> bool:
        """Whether a run with these values of the fields `weights` and `recipe` has the setting."""
        start = "random" if weights == NO_WEIGHTS else "weights"
        return self.start in (None, start) and self.recipe in (None, recipe)

    def next(self, value: str, usual: str) -> str:
        """The next choice; after the last one comes the first. The `usual` value is one of them."""
        choices = self.choices if usual in self.choices else (usual, *self.choices)
        place = choices.index(value) + 1 if value in choices else 0
        return choices[place % len(choices)]


def _option(name: str) -> Callable[[str], list[str]]:
    return lambda value: [name, value]


def _setting(key: str) -> Callable[[str], list[str]]:
    return lambda value: ["--set", f"{key}={value}"]


def _weights_words(value: str) -> list[str]:
    return ["--init", "scratch"] if value == NO_WEIGHTS else ["--set", f"model.weights={value}"]


def _rate(name: str, key: str, value: Callable[[RunConfig], float], text: str, **where: str) -> Field:
    """A learning rate."""
    return Field(name, key, _setting(key), lambda config: rate(value(config)), RATES, text, RATE, **where)  # type: ignore[arg-type]


def _group_rate(group: str) -> Field:
    """The base rate of a parameter group of the pretrained arm."""
    return _rate(
        f"{group} rate",
        f"optim.groups.{group}.lr",
        lambda config: getattr(config.optim.groups, group).lr,
        f"learning rate of {LAYERS.get(group, f'the group {group}')}",
        start="weights",
        recipe="lesson",
    )


FIELDS = (
    Field(
        "model",
        "model.name",
        _option("--model"),
        lambda config: config.model.name,
        MODELS,
        "a classifier of torchvision, or timm/NAME, or hf-hub:USER/NAME",
        r"[\w./:-]*",
        "what",
    ),
    Field(
        "weights",
        "model.weights",
        _weights_words,
        lambda config: NO_WEIGHTS if config.init == "scratch" else config.model.weights,
        ("default", NO_WEIGHTS),
        "default: published ones; none: from scratch; or a .pth or .safetensors file",
        side="what",
        is_path=True,
    ),
    Field(
        "epochs",
        "train.epochs",
        _option("--epochs"),
        lambda config: str(config.train.epochs),
        ("1", "2", "5", "10", "20", "50", "100"),
        "times through the training pictures",
        r"\d*",
        "what",
    ),
    Field(
        "batch size",
        "data.batch_size",
        _setting("data.batch_size"),
        lambda config: str(config.data.batch_size),
        ("16", "32", "64", "128", "256"),
        "pictures a step",
        r"\d*",
        "what",
    ),
    Field(
        "recipe",
        "recipe",
        _option("--recipe"),
        lambda config: config.recipe,
        tuple(CHOICES),
        "auto: a good classifier soon; lesson: the rates of the lesson",
        r"\w*",
    ),
    Field(
        "optimizer",
        "optim.name",
        _setting("optim.name"),
        lambda config: config.optim.name,
        ("sgd", "adamw"),
        "sgd (with momentum) or adamw",
        r"\w*",
    ),
    Field(
        "schedule",
        "schedule.name",
        _setting("schedule.name"),
        lambda config: config.schedule.name,
        ("constant", "cosine", "one_cycle"),
        "how the rates change in the run: constant, cosine or one_cycle",
        r"\w*",
    ),
    *map(_group_rate, GroupsConfig.model_fields),
    _rate(
        "base rate",
        "optim.lr",
        lambda config: config.optim.lr,
        "learning rate of the head and the last stage",
        start="weights",
        recipe="auto",
    ),
    _rate(
        "rate",
        "optim.scratch_lr",
        lambda config: config.optim.scratch_lr,
        "learning rate of all layers",
        start="random",
    ),
)
