"""What the tests' programs need and takes long to load: only the process that they are forked from imports this."""

import gc

import torch._dynamo  # noqa: F401 - loaded by the first optimizer of a process

import engine.cli.headless
import engine.cli.replay
import engine.loop.run  # noqa: F401
import tests.engine.backbones  # noqa: F401
import tui.app
import tui.commands.attach
import tui.start_screen.app
import tui.terminal.driver  # noqa: F401

gc.collect()
gc.freeze()  # a fork's collector leaves it alone, so that its memory stays shared
