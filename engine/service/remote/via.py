"""How to run a program elsewhere: by ssh, or by any command that connects to its standard input and output."""

import re
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import UserError

SSH = (
    *("ssh", "-T", "-C"),
    *("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"),  # a dead connection is noticed within a minute
)
UNATTENDED = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=10")  # asks for no password
PLACEHOLDER = "{}"
_NOT_FOUND = re.compile(r"not found|no such file or directory|cannot execute", re.IGNORECASE)
# What kubectl, srun and docker say last, after the reason.
_ONLY_A_STATUS = re.compile(r"exit(ed)?( with)?( exit)? (code|status)|command terminated", re.IGNORECASE)
NOT_FOUND_STATUS = 127


@dataclass(frozen=True, slots=True)
class Via:
    """A way to another machine."""

    name: str
    "for messages"
    words: tuple[str, ...]
    "the command, before the words of the program"
    shell: bool = False
    "whether it hands on one line to a shell there, as ssh does"

    def line(self, program: Sequence[str]) -> list[str]:
        """The whole command that runs a program with its arguments there."""
        return [*self.words, *([shlex.join(program)] if self.shell else program)]

    def start(
        self, program: Sequence[str], title: str, *, stdin: int, new_session: bool = False
    ) -> "subprocess.Popen[str]":
        """Start a program with its arguments there; its output and its errors are pipes of text.

        Raises:
            UserError: the command itself cannot be started; `title` is that of the error.
        """
        try:
            return subprocess.Popen(
                self.line(program),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=new_session,
            )
        except OSError as error:
            reason = f"`{self.words[0]}` cannot be started: {error.strerror or error}"
            raise UserError(title, f"{reason}; install it, or correct its name") from None


def by_ssh(box: str, *, unattended: bool = False) -> Via:
    """By the user's own ssh. Unattended, it asks for no password, and waits for no machine that is down.

    Raises:
        UserError: `box` names no machine.
    """
    if not box or box.startswith("-"):
        raise UserError("Unclear arguments", f"`{box}` names no machine; use BOX:RUN, with BOX as ssh knows it")
    return Via(box, (*SSH, *(UNATTENDED if unattended else ()), box), shell=True)


def by_command(text: str, box: str = "") -> Via:
    """By a command line such as `kubectl exec -i POD --`, in which `{}` stands for `box`.

    Raises:
        UserError: it is empty, or a quote in it has no end.
    """
    try:
        words = tuple(word.replace(PLACEHOLDER, box) if box else word for word in shlex.split(text))
    except ValueError as error:
        raise UserError("Unclear arguments", f"--via {text}: {str(error).lower()}; close the quote") from None
    if not words:
        raise UserError("Unclear arguments", "--via is empty; give a command such as --via 'kubectl exec -i POD --'")
    return Via(box or words[0], words)


def why_it_failed(errors: Iterable[str], output: str, status: int | None, program: str) -> str:
    """Why a program elsewhere did not do what it should, in a sentence.

    `errors` are the lines of its standard error, `output` is what it said instead, `status` its exit status, as far as
    it is known.
    """
    lines = [line for line in errors if line]
    missing = any(program in line and _NOT_FOUND.search(line) for line in lines)
    if missing or (status == NOT_FOUND_STATUS and not lines):
        return f"`{program}` is not on the PATH there; say where it is with --program FILE"
    told = [line for line in lines if not _ONLY_A_STATUS.search(line)] or lines
    if told:
        return told[-1].removeprefix("Not attached: ")
    said = f" (but it says: {output})" if output else ""
    return f"no finetune-tui answers there{said}; see --program"
