"""A run from its beginning to its end.

`run` is a generator of events: it makes everything ready, then alternates `training` and `evaluation` until the
epochs are done. `watchdog` mends what goes wrong on the way, `compiling` decides whether the step is compiled,
`input_pipeline` brings the batches.

May import `steering` and what `steering` may import.
"""
