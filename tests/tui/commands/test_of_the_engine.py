"""Subcommands that are the same as those of `python -m engine`."""

import pytest

from tui.cli import main
from tui.commands import OF_THE_ENGINE


@pytest.mark.parametrize("name", OF_THE_ENGINE)
def test_it_has_its_own_help_and_is_named_in_that_of_the_program(name: str, capsys) -> None:
    for words in ([name, "--help"], ["--help"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0 and f"finetune-tui {name}" in " ".join(capsys.readouterr().out.split())
