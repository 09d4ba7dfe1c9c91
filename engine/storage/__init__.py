"""A run's folder: its checkpoints, journal and lock, and how each file is written.

`run_folder` makes and finds the folder, and `lock` reserves it for one process. `checkpoint` is the format of
checkpoints and `writer` the thread that writes them, each as an `atomic` write. `journal` records all events and
commands, `tail` reads it while it grows, `summary` folds it into figures, and `choices` are what a replay repeats.
`hooks` runs the user's commands. `ranks_file` says which processes do not answer; `fence` keeps one from writing that
was given up.

May import `hardware`, `config`, `protocol`.
"""
