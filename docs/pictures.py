"""Makes the pictures of the README: `python docs/pictures.py`, about two minutes.

The program itself, on its demo, in a terminal of each size; nothing is drawn by hand.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.app import App
from textual.pilot import Pilot

from engine.service.launch import add_run_arguments, plan
from engine.service.session import LocalSession
from tui.app import Dashboard
from tui.looks import Looks
from tui.start_screen.app import StartApp
from tui.start_screen.filled import Filled
from tui.start_screen.setup import SetupPage

HERE = Path(__file__).resolve().parent
LOOKS = Looks(theme="finetune")
SMALL, MIDDLE, LARGE = (80, 24), (120, 36), (200, 50)
BEFORE, SCRATCH, AFTER = 8, 6, 11  # epochs: of the pretrained arm, of the other one, of the first one in all
PATIENCE, SETTLED = 600.0, 3.0  # seconds


async def until(true: Callable[[], object]) -> None:
    """Wait for something that a run does sooner or later."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.2)


async def shoot(name: str, app: App[None], pilot: Pilot[None], size: tuple[int, int]) -> None:
    """A picture of the screen at a size."""
    await pilot.resize_terminal(*size)
    await asyncio.sleep(SETTLED)
    (HERE / f"{name}.svg").write_text(app.export_screenshot(title="finetune-tui"))


async def dashboard() -> None:
    """A run of both arms, and what it gets wrong."""
    parser = argparse.ArgumentParser()
    add_run_arguments(parser)
    launch = plan(parser.parse_args(["--demo", "--set", "train.compile=false"]))
    app = Dashboard(lambda: LocalSession(launch), looks=LOOKS)

    def epochs(arm: str) -> int:
        return next((len(view.curves.history) for name, view in app.state.arms.items() if name == arm), 0)

    async with app.run_test(size=LARGE) as pilot:
        await until(lambda: epochs("pretrained") >= BEFORE)
        await pilot.press("s", "m")
        await until(lambda: epochs("scratch") >= SCRATCH)
        await pilot.press("m")
        await until(lambda: epochs("pretrained") >= AFTER)
        for name, size in (("large", LARGE), ("dashboard", MIDDLE), ("small", SMALL)):
            await shoot(name, app, pilot, size)
        app.screen.set_focus(None)
        await pilot.press("9")
        await until(lambda: "mistakes" in app._body.places)
        app.screen.set_focus(app._body._views["mistakes"])
        await pilot.press("z", "v", "v")
        await shoot("mistakes", app, pilot, SMALL)
        assert isinstance(app.session, LocalSession)
        app.session.close(PATIENCE)
        app.exit()


async def start() -> None:
    """The page of a folder, which has the demo's pictures."""
    app = StartApp(looks=LOOKS)
    async with app.run_test(size=MIDDLE) as pilot:
        app.push_screen(SetupPage(Filled(["--data", "pictures"], "pictures")))
        await until(lambda: any("about" in str(found.render()) for found in app.screen.query("#estimate")))
        await shoot("start", app, pilot, (100, 30))
        app.exit()


def main() -> None:
    """Make them all."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # so that they show no folder of whoever makes them
        os.environ["XDG_CACHE_HOME"] = str(Path("cache").resolve())
        asyncio.run(dashboard())
        Path("pictures").symlink_to(next(Path("cache").glob("*/demo-*")))
        asyncio.run(start())


if __name__ == "__main__":
    main()
