"""A run that others watch and steer.

`host` trains a run and serves it; `session` is the run as a screen sees it, wherever the engine is; `remote` is the
socket between processes, and ssh between machines; `background`, `status` and `send` are what a shell needs.

Loads no torch until a run begins. May import every room below: `loop` and what `loop` may import.
"""
