"""What a reader of an exported file gets, without torch."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]


class Reloaded(NamedTuple):
    """A file that was loaded again."""

    facts: Mapping[str, Any]
    "what the file says of itself: at least `exported.FACTS`"
    logits: Callable[[Values], Values]
    "of normalised pictures, (N, 3, size, size): (N, classes)"
