"""Which folder or table is which part, as one line that a person can check."""

from engine.data.listing.part_names import PARTS
from engine.data.samples import Catalogue
from engine.protocol.printable import printable

ROOT = "."


def summary(catalogue: Catalogue) -> str:
    """``train: `Train` (960), val: none, 20 % of train are taken (240), test: `Test` (300)``."""
    found = dict(catalogue.found)
    sizes = {"train": len(catalogue.train), "val": len(catalogue.val), "test": len(catalogue.test)}
    texts = []
    for part in PARTS:
        if part in found:
            name = "the class folders" if found[part] == ROOT else f"`{printable(found[part])}`"
            texts.append(f"{part}: {name} ({sizes[part]:,})")
        elif sizes[part]:
            share = sizes[part] / (sizes["train"] + sizes[part])
            texts.append(f"{part}: none, {share:.0%} of train are taken ({sizes[part]:,})".replace("%", " %"))
        elif part == "val" and catalogue.test:
            texts.append(f"{part}: none, test is scored after each epoch")
        else:
            texts.append(f"{part}: none")
    return ", ".join(texts)
