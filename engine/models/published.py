"""Downloads the pretrained weights that a library publishes, to the place where that library looks for them."""

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
    """Download a file of weights unless it exists already. The digest in its name is checked.

    Raises:
        EngineError: the download failed; no part of the file is left.
    """
    file = weights.file
    if file.exists():
        return
    # torchvision's own function would write to standard output and unpickle the file.
    promised = re.search(r"-([0-9a-f]{8,})\.", file.name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # With a unique name, because another run may be downloading the same file.
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
