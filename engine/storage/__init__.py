"""A run's folder: checkpoints, journal, lock, and files that are written whole or not at all.

`run_folder` makes and finds it, `checkpoint` is the format of a checkpoint and `writer` the thread that writes them,
`journal` is the record of all that happened and `summary` what it comes to, `hooks` runs the user's commands.

May import `hardware`, `config`, `protocol`.
"""
