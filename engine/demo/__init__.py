"""The demo: pictures that the program draws, and weights pretrained on drawings of other things.

`dataset` writes the pictures of the demo's two classes, which `hot_dog` and `food` draw. `shapes` lists the other
things, which `nature`, `things`, `slender` and `worn` draw. `canvas` composes a picture, an object in a random pose on
a `background`. A `pen` draws it with the colours of `palette` and the outlines of `geometry`.

`pretrain`, the script that made the weights, is the only module that imports torch. May import `errors` only.
"""

from engine.demo.dataset import default_root, ensure_demo_dataset

__all__ = ["default_root", "ensure_demo_dataset"]
