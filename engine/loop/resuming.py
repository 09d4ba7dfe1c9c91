"""The settings of a run that is resumed: those that it has, with what is given now."""

from dataclasses import dataclass
from pathlib import Path

from engine.config import RunConfig
from engine.config.places import with_absolute_places
from engine.config.resumed import differences, with_given, with_given_again, with_kept
from engine.hardware.process_group import ProcessGroup
from engine.protocol import Setting
from engine.steering.further_list import FurtherList
from engine.storage.run_folder import has_checkpoint, load_run_config


@dataclass(frozen=True, slots=True)
class ResumedSettings:
    """What a resume has to go by."""

    config: RunConfig
    begins: bool = False
    "whether the run has no checkpoint, so that it begins again"
    changed: tuple[Setting, ...] = ()
    "the settings that differ"
    further_list: FurtherList | None = None
    "a list of corrections that was not given before"


def resumed_settings(folder: Path, given: RunConfig, processes: ProcessGroup) -> ResumedSettings:
    """Compare the given settings with those of the run in `folder`. Those that cannot change keep their old values.

    Raises:
        EngineError: the run's settings cannot be read, or the given ones contradict them.
    """
    before = with_absolute_places(load_run_config(folder))
    if not processes.on_first(lambda: has_checkpoint(folder)):
        return ResumedSettings(with_given_again(before, given), begins=True)
    now, further = with_given(before, given), None
    if (file := now.data.exclude) not in (None, before.data.exclude):
        further = FurtherList.read(file, before.data.exclude)
    return ResumedSettings(with_kept(before, now), changed=differences(before, now), further_list=further)
