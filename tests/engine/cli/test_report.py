"""`report`: two files, written whole or not at all, and one sentence for what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from engine.cli.program import main
from engine.config import RunConfig
from engine.loop.run import Run
from tests.engine.driving import after_step, folder_of, play
from tests.engine.report.told import Page, begun, epoch, run, write_run
from tests.paths import ROOT


def report(*arguments: object) -> int:
    return main(["report", *map(str, arguments)])


def test_a_finished_run_has_its_own_figures_in_both_files(finished: Path, tmp_path: Path, capsys) -> None:
    assert report(finished, "--output", tmp_path / "new" / "out") == 0
    out, err = capsys.readouterr()
    page, card = map(Path, out.splitlines())
    assert (page, card) == (tmp_path / "new/out/report.html", tmp_path / "new/out/MODEL_CARD.md") and err == ""
    events = [json.loads(line) for line in (finished / "journal.jsonl").read_text().splitlines()]
    best = [event for event in events if event["type"] == "eval_done" and event["best"]][-1]
    text = Page(page.read_text()).text
    assert f"classify {best['accuracy']:.1%}".replace("%", " %") in text and "scratch/best.pt" in text
    assert "finetune-tui replay" in text and len(Page(page.read_text()).all("polyline")) >= 3
    results = yaml.safe_load(card.read_text().split("---\n")[1])["model-index"][0]["results"]
    assert results[0]["metrics"][0]["value"] == round(best["accuracy"], 6)


def test_the_pictures_of_a_real_runs_mistakes_are_in_it(small: RunConfig, tmp_path: Path, capsys) -> None:
    from engine.protocol import Stop

    folder = folder_of(play(Run(small), after_step(5, Stop())))
    assert report(folder) == 0
    page = Page((Path(folder) / "report.html").read_text())
    events = [json.loads(line) for line in (Path(folder) / "journal.jsonl").read_text().splitlines()]
    (wrong,) = [event["mistakes"] for event in events if event["type"] == "confusion"]
    assert len(page.all("img")) == len(wrong) > 0
    assert "stopped before its epochs were done, after step 5 of 8" in page.text
    assert "a person stopped the run" in page.text and "stopped before" in capsys.readouterr().err


def test_an_older_report_is_replaced_and_a_file_of_somebody_else_is_not(tmp_path: Path, capsys) -> None:
    folder = write_run(tmp_path / "run", run(), begun(), *epoch(1, 0.5))
    assert report("run", "--dir", tmp_path) == 0
    before = {file: file.read_text() for file in (folder / "report.html", folder / "MODEL_CARD.md")}
    write_run(folder, run(), begun(), *epoch(1, 0.5), *epoch(2, 0.75))
    assert report("run", "--dir", tmp_path) == 0
    assert all(file.read_text() != text for file, text in before.items())
    (folder / "MODEL_CARD.md").write_text("# mine")
    page = (folder / "report.html").read_text()
    capsys.readouterr()
    assert report("run", "--dir", tmp_path) == 2
    assert "MODEL_CARD.md is not of this program and stays as it is" in capsys.readouterr().err
    assert (folder / "MODEL_CARD.md").read_text() == "# mine" and (folder / "report.html").read_text() == page
    assert {file.name for file in folder.iterdir()} == {"journal.jsonl", "config.yaml", "report.html", "MODEL_CARD.md"}


def test_several_runs_have_one_page_and_a_card_of_the_first(tmp_path: Path, capsys) -> None:
    for name in ("one", "two"):
        write_run(tmp_path / name, run(), begun(), *epoch(1, 0.5))
    assert main(["report", "one", "two", "one", "--dir", str(tmp_path), "--output", str(tmp_path / "out")]) == 0
    assert "MODEL_CARD.md is about one, the first run" in capsys.readouterr().err
    assert "2 runs compared" in (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone"], "gone is no run folder and no run in"),
        (["run", "--output", "{here}/file"], "File exists; name another folder with --output DIR"),
        (["edited"], "journal.jsonl contradicts itself"),
    ],
)
def test_mistakes_get_one_sentence(tmp_path: Path, capsys, arguments: list[str], message: str) -> None:
    write_run(tmp_path / "run", run(), begun(), *epoch(1, 0.5))
    (tmp_path / "file").write_text("")
    journal = write_run(tmp_path / "edited", run(), begun(), *epoch(1, 0.5)) / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"steps_per_epoch": 4', '"steps_per_epoch": 0'))
    assert report(*(text.format(here=tmp_path) for text in arguments), "--dir", tmp_path) == 2
    err = capsys.readouterr().err
    assert message in err and "Traceback" not in err and len(err.splitlines()) == 1


def test_neither_the_help_nor_a_report_loads_torch(tmp_path: Path) -> None:
    write_run(tmp_path / "run", run(), begun(), *epoch(1, 0.5))
    program = (
        "import sys; from engine.cli.program import main; "
        f"assert main(['report', {str(tmp_path / 'run')!r}]) == 0; assert not {{'torch', 'textual'}} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
