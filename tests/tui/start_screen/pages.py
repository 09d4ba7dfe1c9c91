"""The start screen as its tests see and use it; what its processes find out is played by a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from engine.cli.preview import ClassCount, Estimate, Pictures
from engine.errors import EngineError
from tui.start_screen.app import StartApp
from tui.start_screen.filled import Answer

ESTIMATE = Estimate(
    model="resnet18",
    arm="pretrained",
    device="cpu",
    precision="float32",
    parameters={"backbone": 11_000_000, "head": 1_000},
    frozen=(),
    image_size=224,
    batch_size=64,
    micro_batch=None,
    epochs=5,
    steps_per_epoch=2,
    step_seconds=1.0,
    images_per_second=100.0,
    images_per_second_again=400.0,
    first_epoch_seconds=180.0,
    epoch_seconds=120.0,
    seconds=720.0,
    bottleneck="decoding",
)
FOUND = Pictures("pictures", (ClassCount("cat", 90, 9), ClassCount("dog", 10, 1)), 100, 10, 9.0, (), "")


class ScriptedLook:
    """A look that finds what a test says, when it says so."""

    made: "list[ScriptedLook]"

    def __init__(self, words: list[str], tell) -> None:
        self.words, self._tell, self.ended = words, tell, False
        ScriptedLook.made.append(self)

    def find(self, found: Pictures | Estimate | EngineError) -> None:
        self._tell(self, found)

    def end(self) -> None:
        self.ended = True


class ScriptedDiagnosis(ScriptedLook):
    """A look for what is wrong with the pictures."""

    made: "list[ScriptedLook]"

    def __init__(self, words: list[str], tell) -> None:
        self.words, self._tell, self.ended = words, tell, False
        ScriptedDiagnosis.made.append(self)


class ScriptedFetch(ScriptedLook):
    """A download that is as far as a test says."""

    made: "list[ScriptedLook]"

    def __init__(self, words: list[str], tell) -> None:
        self.words, self._tell, self.ended = words, tell, False
        ScriptedFetch.made.append(self)


class Started:
    """The app, and what its user sees and does."""

    def __init__(self, app: StartApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.settle()

    async def burst(self, *keys: str) -> None:
        """Keys that come all at once, as over a slow line."""
        for key in keys:
            named = {" ": "space", "_": "underscore"}.get(key, key)
            self.app.post_message(events.Key(named, key if len(key) == 1 else None))
        await self.settle()

    async def type(self, text: str) -> None:
        field = self.app.screen.query_one("*:focus", Input)
        field.value = text
        field.cursor_position = len(text)
        await self.settle()

    async def settle(self) -> None:
        """Until what was begun in threads is there."""
        for _ in range(3):
            await self.app.workers.wait_for_complete([worker for worker in self.app.workers if worker.node.is_attached])
            await self.pilot.pause()

    @property
    def text(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def command(self) -> str:
        lines = self.text.splitlines()
        first = next(number for number, line in enumerate(lines) if "$ finetune-tui" in line)
        return " ".join(line.strip() for line in lines[first:-1]).removeprefix("$ ")

    def options(self) -> list[str]:
        return [str(option.prompt) for option in self.app.screen.query_one(OptionList).options]

    async def choose(self, number: int) -> None:
        await self.press(*["down"] * number, "enter")


@asynccontextmanager
async def shown(
    size: tuple[int, int] = (80, 24), failed: Answer | None = None, why: str = ""
) -> AsyncIterator[Started]:
    app = StartApp(failed=failed, why=why)
    async with app.run_test(size=size) as pilot:
        page = Started(app, pilot)
        await page.settle()
        yield page


@asynccontextmanager
async def before_a_run(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Started]:
    async with shown(size) as page:
        await page.choose(1)
        await page.type("pictures")
        await page.press("enter")
        yield page
