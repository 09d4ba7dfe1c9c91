"""Fine-tune an image classifier: the engine, without a screen.

    from engine import Classifier, Run, load_config

Importing this package loads nothing else, and touching `Run` or `Classifier` loads torch.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.config import load_config
    from engine.inference.classifier import Classifier
    from engine.loop.run import Run

# Torch reads this when it is loaded. Its threads wait for each other in a busy loop, by default for so long that two
# programs on the same processors slow each other down a hundredfold. With a shorter wait it is a tenth of that, and
# one program alone is as fast as before.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

__version__ = "0.1.0"
__all__ = ["Classifier", "Run", "load_config"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the signature Python prescribes
    if name == "Run":
        from engine.loop.run import Run

        return Run
    if name == "Classifier":
        from engine.inference.classifier import Classifier

        return Classifier
    if name == "load_config":
        from engine.config import load_config

        return load_config
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
