"""A run that others watch and steer.

`host` trains a run that others can watch, and `session` is the run as a screen sees it, wherever the engine runs.
`remote` connects processes by a socket, and machines by ssh. `launch` reads arguments, `places` says where runs are
kept, `background` starts a run that needs no terminal, and `status` and `send` are for scripts; `words` has what can be
sent. `program` is the command line as the program was started.

Loads no torch until a run begins. May import `loop` and every room that `loop` may import.
"""
