"""`finetune-tui`, and `python -m tui`."""

import signal
import sys


def main() -> int:
    """Run the program; the exit status."""
    # Until the screen or a run handles signals there is nothing to save. Ctrl-C during an import would print a
    # long traceback: this way it ends the process silently.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
