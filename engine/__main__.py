"""`python -m engine`: the engine for scripts."""

import signal
import sys

RUNS = ("train", "background")
"subcommands whose exit status tells a queue what became of a run"

if __name__ == "__main__":
    # Until a run handles signals there is nothing to save, so Ctrl-C ends the process at once. An exception in the
    # middle of an import would print a long traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from engine.cli.program import main

    status = main()
    if sys.argv[1] in RUNS:
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)  # all is done: a signal that comes now must not change the status
    sys.exit(status)
