"""The formats in which a model can be exported. Loads neither torch nor NumPy.

A new format is a module with the two functions of `Writing` and a row here.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from engine.errors import UserError

if TYPE_CHECKING:
    from engine.export.exported import Exported
    from engine.export.reloaded import Reloaded

BATCHES = (1, 5)
"pictures at a time in the comparison: a file may have learned the size of the batch that it was traced with"


class Writing(Protocol):
    """The functions of the module of a format."""

    def write(self, exported: "Exported", path: Path, /) -> None:
        """Write the model to a file, or to files in a new folder, that does not exist yet.

        Raises:
            UserError: the format cannot hold this model.
        """

    def read(self, path: Path, /) -> "Reloaded":
        """Load what was written, as its users do, in a process that knows nothing else of it."""


@dataclass(frozen=True, slots=True)
class Format:
    """A row of the table."""

    module: str
    "its functions are those of `Writing`"
    what: str
    "a few words for the help"
    ending: str = ""
    "of the name of its files; empty for a folder"
    extra: str = ""
    "the extra of this program that installs its libraries"
    libraries: tuple[str, ...] = ()
    "modules that writing and checking need"

    def writing(self) -> Writing:
        """Its functions. Loads its module."""
        return cast(Writing, import_module(self.module))


FORMATS = {
    "safetensors": Format("engine.export.safetensors_file", "weights for model.weights of a run", ".safetensors"),
    "torch-export": Format("engine.export.torch_export", "a program of torch.export", ".pt2"),
    "torchscript": Format("engine.export.torchscript", "a traced program, which C++ loads, too", ".pt"),
    "onnx": Format(
        "engine.export.onnx_file", "for ONNX Runtime and others", ".onnx", "onnx", ("onnx", "onnxruntime", "onnxscript")
    ),
    "timm": Format("engine.export.timm_folder", "a folder for timm", extra="timm", libraries=("timm",)),
    "hf": Format(
        "engine.export.hf_folder", "a folder for transformers", extra="hf", libraries=("timm", "transformers")
    ),
}


def check_installed(name: str) -> None:
    """Raise `UserError` if a library that a format needs is missing."""
    form = FORMATS[name]
    if missing := [library for library in form.libraries if find_spec(library) is None]:
        raise UserError(
            "Library missing", f"{name} needs {' and '.join(missing)}: pip install 'finetune-tui[{form.extra}]'"
        )
