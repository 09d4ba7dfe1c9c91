"""What is settled before a program begins: its umask, and its home."""

import os
import pwd
import stat
from pathlib import Path

import pytest

from engine.service.remote import address
from engine.service.start import find_home, restrict_umask


@pytest.mark.parametrize(("umask", "mode"), [(0, 0o664), (0o777, 0o600), (0o022, 0o644), (0o077, 0o600)])
def test_a_file_is_its_users_to_write_and_not_for_all(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        restrict_umask()
        (tmp_path / "file").touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("taken", [False, True])
def test_a_user_without_a_name_and_a_home_gets_one_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(address, "FALLBACK_FOLDER", tmp_path)
    monkeypatch.delenv("HOME")
    there = tmp_path / f"finetune-tui-{os.getuid()}"
    if taken:
        there.write_text("")
    find_home()
    assert os.environ["HOME"] == ("/" if taken else str(there))
