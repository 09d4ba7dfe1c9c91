"""A process of a run of several, as torchrun starts it: the engine's command line, with the small backbone."""

import sys

import tests.engine.backbones  # noqa: F401 - registers the backbone
from engine.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
