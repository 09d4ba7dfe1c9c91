"""Fine-tune an image classifier: the engine, without a screen.

    from engine import Run, load_config

Importing this package loads no torch; touching `Run` does.
"""

from typing import TYPE_CHECKING, Any

from engine.config import load_config

if TYPE_CHECKING:
    from engine.run import Run

__version__ = "0.1.0"
__all__ = ["Run", "load_config"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the signature Python prescribes
    if name == "Run":
        from engine.run import Run

        return Run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
