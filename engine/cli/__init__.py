"""The subcommands of `python -m engine`, one a file, and how a run without a screen talks to its terminal.

`program` reads the command line. May import every other room; no other room imports this one.
"""
