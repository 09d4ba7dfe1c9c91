"""The report in a real browser without a network: nothing is asked for from elsewhere, and nothing goes wrong."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.report.page import section
from engine.report.reading import read_run
from engine.report.writing import write_report
from tests.engine.report.told import begun, epoch, finished, run, write_run

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

BROWSER = "not an origin"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")


class Opened(NamedTuple):
    """What came of opening a page."""

    document: str
    "as it is after loading"
    requests: list[str]
    "what the page asked for, other than files"
    console: list[str]


def open_page(file: Path, folder: Path) -> Opened:
    """Open a page with a browser that reaches no other machine."""
    log = folder / "net.json"
    command = [
        *(str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--dump-dom"),
        *(f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", file.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    asked = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    # What the browser asks for by itself, such as its updates, has no page as its origin.
    requests = {one["url"] for one in asked if "url" in one and one.get("initiator", BROWSER) != BROWSER}
    return Opened(
        done.stdout,
        sorted(url for url in requests if not url.startswith("file:")),
        re.findall(r"CONSOLE.*", done.stderr),
    )


def test_a_page_that_asks_for_something_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        '<img src="http://pages.example/a.png"><link rel="stylesheet" href="https://fonts.googleapis.com/b">'
        '<script>console.error("wrong")</script>'
    )
    opened = open_page(page, tmp_path)
    assert opened.requests == ["http://pages.example/a.png", "https://fonts.googleapis.com/b"]
    assert any("wrong" in line for line in opened.console)


def test_the_report_opens_offline_and_asks_for_nothing(tmp_path: Path) -> None:
    told = [run(), begun(), *epoch(1, 0.5), *epoch(2, 0.75), finished(step=8, completed=False)]
    page, _ = write_report([section(read_run(write_run(tmp_path / "told", *told)), 1)], tmp_path / "out")
    opened = open_page(page, tmp_path)
    assert "75.0&nbsp;%" in opened.document and "<polyline" in opened.document
    assert (opened.requests, opened.console) == ([], [])
