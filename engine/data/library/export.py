"""`python -m engine.data.library.export`: write a data set of a library, and tell the progress in lines of JSON."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from engine.config.sections import DataConfig
from engine.data.library import hugging_face, torchvision_sets
from engine.data.library.collection import Collection
from engine.data.library.writing import write
from engine.errors import EngineError

LIBRARIES: dict[str, Callable[[DataConfig, Path], Collection]] = {
    "torchvision": torchvision_sets.open_dataset,
    "huggingface": hugging_face.open_dataset,
}
HINT = "if it is a failed download, check the connection and the free space, and start again"
REPORT_SECONDS = 0.1  # between two reports of progress


def main(arguments: Sequence[str], out: TextIO) -> int:
    """CONFIG FOLDER DOWNLOADS: write the data set of a section `data`, as JSON, into the folder; the exit status.

    Each line is `[done, total]`, or at the end of a failure `{"title": ..., "message": ..., "status": ...}`.
    """
    text, folder, downloads = arguments
    config, reported = DataConfig.model_validate_json(text), 0.0
    try:
        Path(downloads).mkdir(parents=True, exist_ok=True)
        collection = LIBRARIES[config.source](config, Path(downloads))
        for done in write(collection, Path(folder)):
            if time.monotonic() - reported >= REPORT_SECONDS:
                reported = time.monotonic()
                print(json.dumps([done, collection.total]), file=out, flush=True)
    except EngineError as error:
        problem = {"title": error.title, "message": error.message, "status": error.exit_status}
    except Exception as error:  # a library raises many kinds of errors
        said = str(error).strip().splitlines() or [type(error).__name__]
        problem = {
            "title": "Data set not written",
            "message": f"{config.dataset}: {said[0].rstrip(':. ')}; {HINT}",
            "status": 1,
        }
    else:
        shutil.rmtree(downloads, ignore_errors=True)  # the pictures are in the folder now
        return 0
    print(json.dumps(problem), file=out, flush=True)
    return 1


if __name__ == "__main__":
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries print, too
    status = main(sys.argv[1:], lines)
    lines.close()
    os._exit(status)  # threads of a library may not keep the process
