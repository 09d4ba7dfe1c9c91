"""The demo: pictures drawn by the program, and weights pretrained on drawings of other things.

Nothing here imports torch but `pretrain`, the script that made the weights.
"""

from engine.demo.dataset import default_root, ensure_demo_dataset

__all__ = ["default_root", "ensure_demo_dataset"]
