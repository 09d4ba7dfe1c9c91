"""Training the last layer alone, with the features kept and without: `python -m tests.bench.frozen`.

Images/s in the epochs after the first of a run, by the time of its training steps; each side in turns.
"""

import statistics
import tempfile
from pathlib import Path

from tests.bench.pictures import write_pictures

CASES = (("shufflenet_v2_x0_5", 64, 64, 2048), ("resnet18", 224, 32, 192))
FROZEN = ["data.augment=false", "optim.groups.backbone.frozen=true"]


def speed(model: str, size: int, batch: int, pictures: Path, settings: list[str]) -> float:
    """Images/s of the last epoch."""
    import torch
    import torchvision

    from engine import Run, load_config
    from engine.protocol import EpochDone

    with tempfile.TemporaryDirectory() as folder:
        weights = f"{folder}/weights.pth"
        torch.save(torchvision.models.get_model(model).state_dict(), weights)
        basic = [
            f"data.root={pictures}",
            f"data.image_size={size}",
            f"data.batch_size={batch}",
            f"model.name={model}",
            f"model.weights={weights}",
            "train.epochs=3",
            "device=cpu",
            f"checkpoint.dir={folder}",
        ]
        events = Run(load_config("configs/folder.yaml", [*basic, *settings])).events()
        return [event.images_per_second for event in events if isinstance(event, EpochDone)][-1]


def main() -> None:
    """Measure, and print the table."""
    from engine.arms import features

    room = features.ROOM
    for model, size, batch, count in CASES:
        root = write_pictures(Path(tempfile.gettempdir()) / "finetune-tui-bench" / str(count), count, 64)
        found: dict[str, list[float]] = {"all layers": [], "frozen": [], "features kept": []}
        for _ in range(3):
            for side, figures in found.items():
                features.ROOM = room if side == "features kept" else 0
                figures.append(speed(model, size, batch, root, [] if side == "all layers" else FROZEN))
        medians = {side: statistics.median(figures) for side, figures in found.items()}
        print(f"{model} at {size}, batch {batch}")
        for side, value in medians.items():
            print(f"  {side:<14}{value:10.0f} images/s  {value / medians['frozen']:7.1f} of frozen without")


if __name__ == "__main__":
    main()
