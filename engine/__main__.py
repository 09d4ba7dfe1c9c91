"""`python -m engine`: the engine for scripts."""

import signal
import sys

if __name__ == "__main__":
    # Until a run takes signals there is nothing to save, and what Ctrl-C would raise in the middle of an import is a
    # page of text: it ends the process without a word.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from engine.cli.program import main

    sys.exit(main())
