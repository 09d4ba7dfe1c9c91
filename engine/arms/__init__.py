"""One trained model with its optimizer and its progress, the pair of them, and their checkpoints.

`arm` is a model being trained, `arms` are the pretrained and the scratch one of a run, `checkpointer` saves them and
finds their restore points. `network` is the model on its device, `features` are the inputs of its last layer, kept.

May import `recipes` and what `recipes` may import.
"""
