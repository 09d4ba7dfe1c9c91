"""The subcommands, and what is done without arguments: each has a `main` that loads no more than it needs."""
