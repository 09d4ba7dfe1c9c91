"""How long compiling took last, for each model on this machine: in the cache folder."""

import json
from pathlib import Path

import platformdirs

from engine.config import RunConfig
from engine.storage.atomic import atomic_write


def described_step(config: RunConfig, device: str) -> str:
    """What the time depends on: model, size of a picture, device and precision."""
    return f"{config.model.name}, {config.data.image_size} px, {device}, {config.train.precision}"


class CompileTimes:
    """The times of training steps by what `described_step` returns. One that is not known is no error."""

    def __init__(self, file: Path | None = None) -> None:
        """`file`: another one than that of the cache folder."""
        folder = platformdirs.user_cache_path("finetune-tui", appauthor=False)
        self._file = folder / "compile-times.json" if file is None else file

    def last(self, step: str) -> float | None:
        """The seconds that it took last."""
        seconds = self._all().get(step)
        return float(seconds) if isinstance(seconds, int | float) else None

    def took(self, step: str, seconds: float) -> None:
        """Remember the seconds that it took. Where the folder cannot be written, the next run estimates again."""
        text = json.dumps(self._all() | {step: round(seconds, 1)}, indent=1)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(self._file) as temporary:
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(self._file)
        except OSError:
            return

    def _all(self) -> dict[str, object]:
        try:
            known = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
