"""Using a model that was trained: which checkpoint, which pictures, and what the model says of them.

- `choosing`: finds the checkpoint to use in a run's folder.
- `trained`: loads a checkpoint as a model with its classes, its preparation of pictures and its temperature.
- `picture_list`: finds the picture files that a person names.
- `predictor`: decodes picture files in threads and predicts their classes, batch by batch.
- `labelled`: finds pictures whose classes are known.
- `scoring`: scores the model on them.
- `classifier`: the same for Python: `Classifier.load(path)(pictures)`.
- `sorting`: copies or links pictures into a folder per class.

`picture_list`, `labelled` and `sorting` load no torch. May import `models`, `data`, `metrics`, `storage`,
`hardware`, `config`, `protocol` and `errors`.
"""
