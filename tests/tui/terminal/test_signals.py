"""What is sent to the terminal to call the user, when, and to which terminals."""

from dataclasses import replace

import pytest
from textual.drivers.linux_driver import LinuxDriver

from engine import protocol as p
from tests.tui.story import BEGUN, BOTH_ARMS, RUN_STARTED, TRAINING, TRUE_COLOUR, started, trained
from tui.ends import Ends
from tui.looks import Looks
from tui.notifying import Notifying, ending, heading
from tui.state import UiState
from tui.terminal.abilities import NOTHING, Abilities, abilities
from tui.terminal.driver import TerminalDriver
from tui.terminal.signals import TITLE_SECONDS, Signals

ALL = Abilities(bell=True, title=True, notify="9")
DONE = p.ArmFinished("pretrained", 30, 0.96, 0.96, 13.5)
FINISHED = [*BEGUN, *trained("pretrained", 1, 30), DONE]
FAILURE = p.RunFailed("Out of memory", "use a smaller batch")


class Line:
    """A terminal that keeps what is sent, and a clock that a test moves."""

    def __init__(self, able: Abilities = ALL) -> None:
        self.sent: list[str] = []
        self.now = 0.0
        self.signals = Signals(able, self.sent.append, lambda: self.now)


def folded(events: list[p.Event]) -> UiState:
    state = UiState()
    for event in events:
        state.fold(event)
    return state


# --- bytes ----------------------------------------------------------------------------------------------


def test_a_title_is_sent_when_it_changes_at_most_every_few_seconds_and_taken_back_at_the_end():
    line = Line()
    line.signals.title("1 %")
    line.signals.title("1 %")
    line.now = TITLE_SECONDS - 0.1
    line.signals.title("2 %")
    assert line.sent == ["\x1b[22;0t\x1b]2;1 %\x1b\\"]
    line.now = TITLE_SECONDS
    line.signals.title("3 %")
    line.now = 100.0
    line.signals.title("3 %")
    line.signals.end()
    line.signals.end()
    assert line.sent[1:] == ["\x1b]2;3 %\x1b\\", "\x1b[23;0t"]


@pytest.mark.parametrize(
    ("able", "sent"),
    [
        (ALL, ["\x07\x1b]9;finetune-tui: x is done\x1b\\"]),
        (replace(ALL, notify="777"), ["\x07\x1b]777;notify;finetune-tui;x is done\x1b\\"]),
        (replace(ALL, notify=""), ["\x07"]),
        (NOTHING, []),
    ],
)
def test_an_end_rings_and_notifies_as_the_terminal_understands(able: Abilities, sent: list[str]):
    line = Line(able)
    line.signals.attention("x is done")
    assert line.sent == sent


def test_names_cannot_make_the_terminal_obey():
    line = Line()
    line.signals.title("a\x1b]0;b\x07\u009bc\n" + "d" * 500)
    (sent,) = line.sent
    text = sent.removeprefix("\x1b[22;0t\x1b]2;").removesuffix("\x1b\\")
    assert text.isprintable() and len(text) <= 120 and text.startswith("a\\x1b]0;b\\x07\\x9bc\\n")


def test_a_terminal_without_titles_is_sent_none():
    line = Line(Abilities(bell=True))
    line.signals.title("1 %")
    line.signals.end()
    assert line.sent == []


# --- terminals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "bell", "title", "notify"),
    [
        ({"TERM": "xterm-256color"}, True, True, ""),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True, True, "777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, True, True, "9"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, True, True, "9"),
        ({"TERM": "xterm-256color", "WT_SESSION": "1"}, True, True, "9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, True, True, "9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, True, True, ""),
        ({"TERM": "xterm-kitty"}, True, True, "9"),
        ({"TERM": "xterm-ghostty"}, True, True, "9"),
        ({"TERM": "foot"}, True, True, "777"),
        ({"TERM": "rxvt-unicode-256color"}, True, True, "777"),
        ({"TERM": "tmux-256color", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, True, True, ""),
        ({"TERM": "screen-256color", "TMUX": "x", "VTE_VERSION": "7600"}, True, True, ""),
        ({"TERM": "screen", "STY": "x", "KITTY_WINDOW_ID": "1"}, True, False, ""),
        ({"TERM": "stterm-256color"}, False, False, ""),
        ({"TERM": "st-256color"}, True, True, ""),
        ({"TERM": "linux", "KITTY_WINDOW_ID": "1"}, False, False, ""),
        ({"TERM": "dumb", "VTE_VERSION": "7600"}, False, False, ""),
        ({"TERM": "vt100"}, False, False, ""),
        ({}, False, False, ""),
    ],
)
def test_each_terminal_gets_what_it_understands(said: dict[str, str], bell: bool, title: bool, notify: str):
    assert abilities(said) == Abilities(bell, title, notify)


# --- runs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "title"),
    [
        ([], "loading · finetune-tui"),
        (BEGUN, "0 % · demo-1"),
        (TRAINING, "47 % · test 94.0 % · demo-1"),
        ([*TRAINING, p.Paused("pretrained", 14)], "paused, 47 % · test 94.0 % · demo-1"),
        (FINISHED, "finished, 100 % · test 96.0 % · demo-1"),
        ([replace(RUN_STARTED, name="a\x07b", val_images=9), *TRAINING[2:]], "47 % · val 94.0 % · a\\x07b"),
    ],
)
def test_the_title_has_progress_the_newest_score_and_the_run(events: list[p.Event], title: str):
    assert heading(folded(events)) == title


@pytest.mark.parametrize(
    ("events", "text"),
    [
        (FINISHED, "demo-1: pretrained is done, best 96.0 %"),
        ([*TRAINING, FAILURE], "demo-1 failed: Out of memory"),
        ([FAILURE], "the run failed: Out of memory"),
        (
            [*TRAINING, p.RunFinished("pretrained", 14, False, 0.94, 0.94, "", "aa", 9.0)],
            "demo-1: the run has ended, best 94.0 %",
        ),
    ],
)
def test_an_end_is_told_in_a_few_words(events: list[p.Event], text: str):
    assert ending(folded(events)) == text


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        (TRAINING, 0),
        (FINISHED, 1),
        ([*FINISHED, p.Evaluating("pretrained", 30, 0, 9), p.BestTested("pretrained", 30, "", 0.1, 0.9, 9)], 1),
        ([*FINISHED, p.EpochsChanged("pretrained", 30, 4), *trained("pretrained", 31, 40), replace(DONE, step=40)], 2),
        ([*FINISHED, started("scratch"), *trained("scratch", 1, 30), replace(DONE, arm="scratch")], 2),
        ([*TRAINING, FAILURE], 1),
        ([FAILURE], 1),
        ([p.HistoryBegins(), *FINISHED, p.HistoryEnds(True)], 0),
    ],
)
def test_each_end_is_noticed_once(events: list[p.Event], ends: int):
    state, seen = UiState(), Ends()
    found = []
    for event in events:
        state.fold(event)
        found.append(seen.noticed(state))
    assert sum(found) == ends


@pytest.mark.parametrize(
    ("looks", "sent"),
    [
        (TRUE_COLOUR, ["\x1b[22;0t\x1b]2;80 % · test 62.0 % · demo-1\x1b\\", "\x07", "\x1b[23;0t"]),
        (Looks(ascii=True), ["\x1b[22;0t\x1b]2;80 % . test 62.0 % . demo-1\x1b\\", "\x07", "\x1b[23;0t"]),
        (Looks(notify=False), []),
    ],
)
def test_it_is_on_by_default_in_ascii_where_that_is_wanted_and_off_by_the_flag(looks: Looks, sent: list[str]):
    told: list[str] = []
    state = folded(BOTH_ARMS[:-1])
    notifying = Notifying(state, looks, told.append, {"TERM": "xterm"})
    notifying.follow()
    state.fold(replace(DONE, arm="scratch"))
    notifying.ended()
    notifying.leave()
    assert told == sent


# --- the driver -----------------------------------------------------------------------------------------


def test_a_signal_leaves_what_the_terminal_is_known_to_show(monkeypatch: pytest.MonkeyPatch):
    sent: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda self, data: sent.append(data))
    driver = object.__new__(TerminalDriver)
    driver.fileno = -1
    frame = "\x1b[1;1H\x1b[1mabc\x1b[0m"
    driver.write(frame)
    driver.signal("\x1b]2;1 %\x1b\\")
    before = len(sent)
    driver.write(frame)
    assert sent[1:before] == ["\x1b]2;1 %\x1b\\"] and "abc" not in "".join(sent[before:])
