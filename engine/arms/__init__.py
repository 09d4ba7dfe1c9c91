"""One trained model with its optimizer and its progress, the pair of them, and their checkpoints.

- `arm`: one model that is trained, with its optimizer; one update, one scored batch, changes between steps.
- `groups`: its parameter groups, with their rates and what is frozen; `labelled`: its pictures and their labels.
- `arms`: the pretrained and the scratch arm of a run; switch, resume and rewind.
- `progress`: counters and sums of an arm that a checkpoint contains as plain values.
- `checkpointer`: saves arms; `restore_points`: the saved states that a rewind can go back to.
- `network`: the model on its device, its precision and its compilation.
- `trial_step`: a step that makes torch compile a model; `interruption`: breaks off a call such as that one.
- `update`: one update: gradients, their scale and check, and the step of the optimizer.
- `gradients`: the gradients of a batch, one micro-batch after the other.
- `optimizer`: the optimizer and its named parameter groups.
- `moving_average`: an average of the weights of the last steps.
- `features`: cached inputs of the last layer, for a frozen backbone.
- `label_record`: how the model answers each training picture, summed up.
- `judgements`: what a person has said of labels, and from which epoch on it counts.
- `suspects`: the pictures whose labels the model contradicts; `doubtful`: those of a run that is over.
- `resumed_settings`: applies changed settings to a resumed arm.
- `setup`: the arguments that both arms share.
- `stopwatch`: measures time on the device.

May import `recipes`, `models`, `data`, `sinks`, `metrics`, `storage`, `hardware`, `config`, `protocol` and `errors`.
"""
