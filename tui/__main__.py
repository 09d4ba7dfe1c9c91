"""`finetune-tui`, and `python -m tui`."""

import signal
import sys


def main() -> int:
    """Run the program; the exit status."""
    # Until the screen or a run takes signals there is nothing to save, and what Ctrl-C would raise in the middle of an
    # import is a page of text: it ends the process without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
