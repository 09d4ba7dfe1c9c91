"""The section `data` of a configuration: where the pictures come from, and how they become batches."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from engine.config.kinds import Folder, Fraction, Pattern, Real, matching
from engine.config.problems import CONTRADICTION, INCOMPLETE
from engine.config.section import Section
from engine.protocol import bounds

NEEDED = {
    **{"folder": ("root",), "csv": ("csv",), "archive": ("url", "sha1"), "demo": ()},
    **dict.fromkeys(("torchvision", "huggingface"), ("dataset",)),
}
"the settings that each source needs"
HINTS = {"root": "name your folder of pictures (--data DIR)", "csv": "name your table (--data FILE.csv)"}


def _none_is_empty(value: Any) -> Any:  # noqa: ANN401 - any value of the file
    return () if value is None else value


class DataConfig(Section):
    """Where the pictures come from and how they are batched."""

    source: Literal["folder", "csv", "torchvision", "huggingface", "demo", "archive"] = "folder"
    """`folder`: your own pictures, in a folder per class; `csv`: your own, listed in a table; `torchvision`,
    `huggingface`: a data set that this library has by name; `demo`: pictures that the program draws; `archive`: a zip
    file, downloaded once"""
    root: Folder | None = None
    """the folder of the pictures: `train/`, `val/` and `test/` with a folder per class (`train/` and one of the others
    will do), or just a folder per class; a relative path is relative to the working directory; with `csv`, what
    its paths are relative to; all other sources put their pictures there, by default into the user's cache folder"""
    roots: Annotated[tuple[Folder, ...], BeforeValidator(_none_is_empty)] = ()
    "in place of `root`: several such folders, whose pictures are taken together; a class may be in some of them only"
    csv: Folder | None = None
    """a table with a header and a row for each picture, separated by commas, semicolons or tabs (`source: csv`); paths
    are relative to its folder, or to `root`"""
    path_column: str | None = None
    """the table's column of paths, which may lack their endings, such as `.jpg`; default: one with a usual name; with
    `huggingface`, the column of pictures"""
    label_column: str | None = None
    """the table's column of classes; default: one with a usual name, or the only one that is left, or a column for each
    class that has 1 in the rows of the class and 0 elsewhere"""
    part_column: str | None = None
    """the table's column of parts, whose values are `train`, `val` and `test`; default: one with a usual name and such
    values; without one, validation pictures are taken from all pictures"""
    dataset: Annotated[str, Field(min_length=1)] | None = None
    """name of the data set: a class of torchvision such as `CIFAR10` (`source: torchvision`); `USER/NAME` on the hub,
    or a folder (`source: huggingface`, an extra)"""
    subset: str | None = None
    "which of the data set's configurations, where it has several"
    url: Annotated[str, matching(r"https?://\S+", "an address that begins with http:// or https://")] | None = None
    "address of the zip file (`source: archive`)"
    sha1: Annotated[str, matching("[0-9a-fA-F]{40}", "40 hexadecimal digits")] | None = None
    "checksum of the zip file (`source: archive`)"
    image_size: int | None = Field(None, ge=16, le=2048)
    "side of the picture that the model sees, in pixels; default: that of the pretrained weights, else 224"
    batch_size: int = Field(64, ge=1, le=bounds.MOST_PICTURES)
    "pictures in a step, of all processes together"
    augment: bool = True
    "crop and flip training pictures at random; without it they are prepared as the test pictures are"
    crop_scale: Annotated[Real, Field(gt=0, le=1)] = 0.08
    "smallest area of a random crop, as a fraction of the picture"
    trivial_augment: bool = False
    """change each training picture by one random operation, such as a rotation or another contrast, of random strength
    (TrivialAugment)"""
    erasing: Fraction = 0.0
    "probability that a rectangle of a training picture, of 2 to 33 % of its area, gets the mean colour"
    balance: Literal["none", "sqrt", "full"] = "none"
    """how often an epoch has the pictures of each class: `none`: each picture once; `full`: each class equally often;
    `sqrt`: in proportion to the square root of its number of pictures; an epoch keeps its number of pictures, and a
    fitted head (`model.head`) is not affected"""
    val_fraction: Annotated[Real, Field(gt=0, lt=1)] = 0.2
    "fraction of each class that is taken from the training pictures for validation, where that is done"
    split_val: bool = False
    """take validation pictures from the training pictures where there is a `test/` but no `val/`; without it the test
    pictures are scored after each epoch; where there is neither, validation pictures are always taken"""
    group: Pattern | None = None
    """a regular expression that finds the group in a picture's path below its part; pictures of a group, such as those
    of one patient, all come to the same part when validation pictures are taken"""
    exclude: Folder | None = None
    """a list of pictures to leave out or to give another class: CSV with the columns `picture`, `label` (empty: left
    out) and `reason`, or a path in each line; the run's folder keeps a copy, which is used when the run is resumed"""
    threads: int | None = Field(None, ge=1, le=256)
    "threads that decode pictures; default: one per processor, at most 8"
    prepare: bool = True
    """decode each picture once and keep its pixels in the user's cache folder, training pictures reduced to
    `short_side`; without it they are decoded in each epoch, at their full size"""
    short_side: int | None = Field(None, ge=16, le=8192)
    "shorter side of prepared training pictures, in pixels; smaller ones stay as they are; default: twice `image_size`"
    cache_gib: Annotated[Real, Field(gt=0, le=bounds.MOST_GIB)] = 20.0
    """space in GiB for all prepared pictures; those not used for longest are removed first, those that do not fit are
    decoded as needed"""
    cache_format: Literal["auto", "raw", "jpeg"] = "auto"
    """how prepared training pictures are kept: `raw`: as pixels; `jpeg`: as JPEG of quality 95, about a sixth of the
    space, from which a run then trains in any case; `auto`: `raw` if all pictures fit in `cache_gib`, else the one
    with which an epoch is estimated to take less time; a run keeps what it began with"""

    @model_validator(mode="after")
    def _complete(self) -> "DataConfig":
        for key in NEEDED[self.source]:
            if getattr(self, key) is None and not (key == "root" and self.roots):
                hint = HINTS.get(key, f"`source: {self.source}` needs it")
                raise PydanticCustomError(INCOMPLETE, "incomplete", {"key": key, "hint": hint})
        return self

    @model_validator(mode="after")
    def _one_place(self) -> "DataConfig":
        if self.roots and (self.root is not None or self.source != "folder"):
            other = "`data.root` is given, too" if self.root is not None else f"`data.source` is {self.source}"
            hint = f"is given, but {other}; leave out one of them"
            raise PydanticCustomError(CONTRADICTION, "contradiction", {"key": "roots", "hint": hint})
        return self

    @model_validator(mode="after")
    def _without_contradiction(self) -> "DataConfig":
        for key in ("trivial_augment", "erasing"):
            if getattr(self, key) and not self.augment:
                hint = "is set, but `data.augment` is false; leave out one of them"
                raise PydanticCustomError(CONTRADICTION, "contradiction", {"key": key, "hint": hint})
        return self
