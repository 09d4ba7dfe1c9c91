"""The subcommands of `python -m engine`, one per file.

`program` reads the command line. `train`, `background` and `replay` train by way of `headless`, which handles signals
and the standard streams; `look` lists pictures and uses `estimate` for the time; `schedule`, `status` and `send` deal
with a run that exists. `arguments` has what several of them need.

May import every other room. No other room imports this one.
"""
