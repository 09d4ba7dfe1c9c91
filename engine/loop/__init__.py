"""A run from its beginning to its end.

- `run`: a generator of events that prepares everything, trains until the epochs are done, and ends the run.
- `resuming`: the settings of a run that is resumed.
- `milestones`: its first and its last event.
- `training`: trains and evaluates one arm, and takes commands between steps.
- `evaluation`: scores pictures; `scores` has its result and its events,
  `baseline` what to compare them with.
- `feature_pass`: computes the inputs of the last layer for pictures.
- `head_fitting`: fits the last layer before the first step.
- `end_average`: scores averages of the fitted head's and the last weights, at the end.
- `rate_sweep`: finds a learning rate in a pause; `rate_curve` has the curve and what it suggests.
- `final_test`: scores the best weights on the test pictures, once, at the end.
- `input_pipeline`: gets the next batch, and reports unreadable and prepared pictures.
- `watchdog`: repairs a diverged arm and a batch that does not fit into memory.
- `time_budget`: plans the number of steps so that an arm ends in time.
- `compiling`: decides whether the training step is compiled, from the times that `compile_times` has.
- `step_compiler`: compiles it while commands are taken, in the process of `compiler_process` first.
- `readback`: copies figures from the device to the host without waiting.
- `recording`: sends each event to hooks, journal and sinks.
- `rank_watch`: says which other processes of the run do not answer.
- `failures`: describes an unexpected error as the last event.

May import `steering`, `arms`, `recipes`, `models`, `data`, `sinks`, `metrics`, `storage`, `hardware`, `config`,
`protocol` and `errors`.
"""
