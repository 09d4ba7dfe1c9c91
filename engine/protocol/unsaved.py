"""Which files of a run could not be written, so that the same is not said again and again."""

from pathlib import PurePath

from engine.protocol.checkpoints import CheckpointFailed, CheckpointSaved


class Unsaved:
    """The checkpoints that are not on the disk, by the path where they belong."""

    def __init__(self) -> None:
        self._failed: dict[str, CheckpointFailed] = {}

    def fold(self, event: object) -> bool:
        """Take in an event. Returns whether it is news: not the same failure of a file once more."""
        match event:
            case CheckpointFailed():
                before = self._failed.pop(event.path, None)
                self._failed[event.path] = event
                return before is None or before.message != event.message
            case CheckpointSaved():
                self._failed.pop(event.path, None)
                if event.point:
                    self._failed.pop(str(PurePath(event.path).parent / event.point), None)
            case _:
                pass
        return True

    @property
    def sentence(self) -> str:
        """What is not on the disk; empty if nothing is missing."""
        missing = ", ".join(f"{event.path} of step {event.step}" for event in self._failed.values())
        return f"not on the disk: {missing}" if missing else ""
