"""`finetune-tui`, and `python -m tui`."""

import signal
import sys


def main() -> int:
    """Run the program; the exit status."""
    # Until the screen or a run handles signals there is nothing to save. Ctrl-C during an import would print a
    # long traceback: this way it ends the process silently.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui.cli import main as run

    status = run()
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # all is done: a signal that comes now must not change the status
    return status


if __name__ == "__main__":
    sys.exit(main())
