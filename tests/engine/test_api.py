"""The Python program in the documents runs as it stands there."""

import re
from pathlib import Path

import pytest

from engine import Run, load_config
from engine import protocol as p
from engine.storage.journal import read_journal
from tests.engine.driving import only
from tests.markdown import DOCUMENTS

EXAMPLES = [text for doc in DOCUMENTS for language, text in doc.code if language == "python"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_trains_to_its_end(
    example: str, small: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (named,) = re.findall(r'"(configs/\w+\.yaml)"', example)
    (tmp_path / "configs").mkdir()
    (tmp_path / named).write_text((tmp_path / "small.yaml").read_text())  # its own is for minutes, not for seconds
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/scripts.md", "exec"), {})
    (folder,) = (tmp_path / "runs").iterdir()
    events = list(read_journal(folder))
    assert isinstance(events[-1], p.RunFinished)
    assert len(capsys.readouterr().out.splitlines()) >= len(only(events, p.EpochDone)) > 0


def test_the_package_offers_a_run_and_a_configuration_and_no_other_name() -> None:
    import engine

    assert engine.Run is Run and engine.load_config is load_config
    with pytest.raises(AttributeError, match="no attribute 'Trainer'"):
        engine.Trainer  # noqa: B018
