"""Follows the journal of a run and sends it to a tracker, in a process of its own. Training knows nothing of it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from engine.config.resumed import as_yaml
from engine.config.values import flat
from engine.errors import CheckpointError, EngineError
from engine.sinks.follow_state import FollowState, Sent
from engine.sinks.told import Told
from engine.sinks.tracking import Branch, Note, Scalars, Tracker, TrackerRun, Value
from engine.storage.journal import JOURNAL, size_of
from engine.storage.run_folder import load_run_config
from engine.storage.sighting import holder
from engine.storage.tail import Tail

MOST_AT_ONCE = 500  # points and notes that are sent together; a process that is killed may have sent them unnoted
TRIES_AFTER_THE_END = 5

Say = Callable[[str], None]


class Follower:
    """Sends a run until its end, whatever the tracker does meanwhile."""

    def __init__(
        self, folder: Path, name: str, connect: Callable[[], Tracker], say: Say, wait: Callable[[bool], None]
    ) -> None:
        """`name` is that of the tracker. `say` tells people; `wait(failed)` waits before the next look or attempt."""
        self._folder, self._name = folder, name
        self._connect, self._say, self._wait = connect, say, wait
        self._state = FollowState(folder, name)
        self._failure = ""

    def follow(self) -> None:
        """Send what the journal has, then what comes, until the run's end or until no process trains it.

        Raises:
            EngineError: the journal cannot be read, or the run is over and the tracker still takes nothing.
        """
        with self._state.alone(lambda: self._say("another process sends this run already; waiting for its end")):
            failures = 0
            while True:
                try:
                    self._once()
                    return
                except EngineError:
                    raise
                except Exception as error:  # whatever the library, its network or its disk raises
                    self._tell_failure(error)
                if not self._is_trained():
                    failures += 1
                    if failures >= TRIES_AFTER_THE_END:
                        again = f"finetune-tui follow {self._folder} --to {self._name}"
                        raise EngineError("Not all sent", f"{self._failure}; the rest is sent by `{again}`") from None
                self._wait(True)

    def _once(self) -> None:
        tracker = self._connect()
        sent = self._state.load(tracker.place)
        journal = size_of(self._folder / JOURNAL)
        if sent.sent > journal:
            reason = f"{self._folder / JOURNAL} is shorter than what was sent of it"
            raise CheckpointError("Not followed", f"{reason}; remove follow-{self._name}.json to send all of it again")
        if sent.sent == journal and not self._is_trained():
            what = "all was sent before" if journal else "there is no journal yet, and no process trains the run"
            self._say(f"{what} ({tracker.place})")
            return
        if not tracker.continues:
            sent.sent = 0
        self._state.save(sent)  # the key: an attempt that fails may have begun runs already
        if not self._failure:
            self._say(f"sending {self._folder.resolve().name} to {tracker.place}")
        _Sending(self._folder, tracker, self._state, sent, self._worked).to_the_end(
            self._is_trained, lambda: self._wait(False), self._say
        )

    def _is_trained(self) -> bool:
        return bool(holder(self._folder))

    def _tell_failure(self, error: Exception) -> None:
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}"
        if not self._failure:
            self._say(f"not sent ({reason}); training is not affected, trying again")
        self._failure = reason

    def _worked(self) -> None:
        if self._failure:
            self._failure = ""
            self._say("sending again")


class _Sending:
    """One attempt: reads the journal from its beginning, and sends what comes after what was sent before."""

    def __init__(
        self, folder: Path, tracker: Tracker, state: FollowState, sent: Sent, worked: Callable[[], None]
    ) -> None:
        self._folder, self._tracker, self._state, self._sent, self._worked = folder, tracker, state, sent, worked
        self._tail = Tail(folder)
        self._told = Told(folder.resolve().name)
        self._runs: dict[Branch, TrackerRun] = {}
        self._waiting: dict[Branch, list[Scalars | Note]] = {}

    def to_the_end(self, is_trained: Callable[[], bool], wait: Callable[[], None], say: Say) -> None:
        """Send until the run ends. Raises what the tracker raises."""
        try:
            while True:
                trained = is_trained()  # first: what it writes before it ends is read then
                self._read()
                if self._told.ended or not trained:
                    break
                wait()
            if not self._told.ended:
                say("the run has no end, and no process trains it; all that it has recorded is sent")
        finally:
            runs, self._runs = self._runs, {}
            for run in runs.values():
                run.close(self._told.failed)
        self._note()  # only now: some trackers have it all only when they are closed

    def _read(self) -> None:
        for line in self._tail.lines():
            items = list(self._told.fold(line))
            if self._tail.offset <= self._sent.sent:
                continue
            for item in items:
                self._waiting.setdefault(item.branch, []).append(item)
            if sum(map(len, self._waiting.values())) >= MOST_AT_ONCE:
                self._send()
        if self._tail.offset > self._sent.sent:
            self._send()

    def _send(self) -> None:
        for branch, items in self._waiting.items():
            if branch not in self._runs:
                key = f"{self._sent.key}-{branch.arm}-{branch.number}"
                self._runs[branch] = self._tracker.open(branch, settings_of(self._folder, branch), key)
            self._runs[branch].send(items)
        self._waiting.clear()
        self._note()
        self._worked()

    def _note(self) -> None:
        self._sent.sent = max(self._sent.sent, self._tail.offset)
        self._state.save(self._sent)


def settings_of(folder: Path, branch: Branch) -> Mapping[str, Value]:
    """The hyperparameters of a branch: the run's settings, without hooks, whose arguments may be addresses and keys.

    Raises:
        ConfigError: the run's configuration cannot be read.
    """
    values = {key: value for key, value in flat(load_run_config(folder)).items() if not key.startswith("hooks.")}
    own: dict[str, Value] = {"arm": branch.arm, "branch": branch.number, "begins_after_step": branch.step}
    if branch.base:
        own["leaves_branch"] = branch.base
    return {key: value if isinstance(value, Value) else as_yaml(value) for key, value in values.items()} | own
