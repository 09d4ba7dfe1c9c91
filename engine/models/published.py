"""Pretrained weights that a library publishes: downloaded once, to where the library itself looks for them."""

import http.client
import re
import uuid
from collections.abc import Generator

from engine.errors import EngineError
from engine.hardware.download import download, reason
from engine.models.family import PublishedWeights
from engine.protocol import Loading
from engine.storage.atomic import atomic_write


def fetch_published(weights: PublishedWeights) -> Generator[Loading, None, None]:
    """Download a file of weights unless it is there already; it is checked by the digest in its name.

    Raises:
        EngineError: the download failed; nothing is left of it.
    """
    file = weights.file
    if file.exists():
        return
    # Not by torchvision's own function, which writes to standard output and unpickles what it gets.
    promised = re.search(r"-([0-9a-f]{8,})\.", file.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Under a name of its own: another run may be downloading the same file.
        with atomic_write(file.with_name(f"{file.name}-{uuid.uuid4().hex}")) as temporary:
            found = yield from download(weights.url, temporary, "sha256")
            if promised and not found.startswith(promised[1]):
                raise OSError(f'invalid hash value (expected "{promised[1]}", got "{found[: len(promised[1])]}")')
            temporary.replace(file)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EngineError(
            "Weights not downloaded",
            f"{weights.url}: {reason(error)}; check the connection, or fetch the file "
            f"elsewhere and put it into {file.parent} or set model.weights to it",
        ) from None
