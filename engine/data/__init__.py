"""Pictures: where they are, how they are prepared, and how they become batches.

- `sources`: the table of sources other than the user's own folder.
- `demo`, `archive`: the sources: pictures drawn by the program, and a zip file on the web.
- `samples`: a picture file with its class, and the pictures of a run in three parts.
- `folder`: lists the pictures of a folder.
- `split`: takes validation pictures from the training pictures.
- `catalogue`: finds the pictures of a run, and decodes a sample of them as a check.
- `formats`: the picture formats that may be opened.
- `pictures`: decodes a picture file, and prepares test pictures.
- `store`: a cache of decoded pictures on the disk.
- `decoded`: takes pictures from the store or from their files.
- `threads`: a pool of daemon threads for decoding.
- `order`: the order of the training pictures in an epoch.
- `loader`: makes batches in threads, ahead of their use.
- `batches`: the classes that the loader yields.
- `transfer`: copies batches to the device and normalises them there.
- `augment/`: random changes of training pictures and batches.

`sources`, `demo`, `archive`, `samples`, `folder`, `split` and `formats` load no torch.

May import `sinks`, `metrics`, `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""
