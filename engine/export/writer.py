"""Writes a model in a format, compares the file with the checkpoint, and only then gives it its name."""

import warnings
from pathlib import Path

from engine.errors import EngineError, UserError
from engine.export.check_pictures import CheckPictures
from engine.export.comparison import Comparison, compare
from engine.export.exported import Exported
from engine.export.formats import FORMATS
from engine.export.placing import placed
from engine.inference.trained import TrainedModel


def write_checked(trained: TrainedModel, form: str, path: Path, pictures: CheckPictures, half: bool) -> Comparison:
    """Write a trained model, which is on the CPU, to `path`; nothing is left there if it fails.

    Raises:
        UserError: the format cannot hold the model, or the file cannot be written.
        EngineError: the file cannot be used, or what it says of the pictures is not what the checkpoint says.
    """
    exported = Exported.of(trained, half)
    try:
        with placed(path) as temporary:
            _write(exported, form, temporary)
            comparison = compare(trained, exported, pictures.pixels, form, temporary)
            if not comparison.holds:
                raise EngineError("Not exported", f"{path} would not say what the checkpoint says: {comparison}")
    except OSError as error:
        raise UserError(
            "Not written", f"{path}: {error.strerror or error}; free some space, or name another file with --output"
        ) from None
    return comparison


def _write(exported: Exported, form: str, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            # Of what tracing may get wrong, and of what torch will drop one day. The comparison finds the former.
            warnings.simplefilter("ignore")
            FORMATS[form].writing().write(exported, path)
    except (EngineError, OSError):
        raise
    except Exception as error:  # exporters raise many kinds of errors for a model that they do not understand
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"{exported.name} cannot be written as {form}: {reason}; try another --format"
        raise EngineError("Not exported", message) from error
