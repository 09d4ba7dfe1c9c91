"""Pictures: where they are, how they are prepared, and how they become batches.

- `sources`: the tables of sources.
- `demo`, `archive`: sources that make a folder: pictures drawn by the program, and a zip file on the web, which `unzip`
  unpacks.
- `library/`: sources that make a folder of a data set that a library has by name.
- `folder`, `roots`: list the pictures of a folder, and of several.
- `csv_list`: lists the pictures that a table names; `table` reads it, `columns` finds its columns.
- `samples`: a picture file with its class, and the pictures of a run in three parts.
- `split`: takes validation pictures from the training pictures.
- `corrections`: the list of pictures to leave out, or to give another class.
- `adding`: adds lines to such a list, and overwrites no other file.
- `csv_rows`: writes rows of a table for any name of a file.
- `listing/`: names of parts and classes, what is left out, the list that a run keeps.
- `catalogue`: finds the pictures of a run.
- `look_into`: decodes a sample of the pictures as a check.
- `reading/`: reads one picture file as a viewer shows it, in all formats.
- `pictures`: decodes pictures for training and tests, and prepares test pictures.
- `encoded`: pictures as bytes for the store: as pixels, or as JPEG.
- `store`: a cache of decoded pictures on the disk.
- `decoded`: takes pictures from the store or from their files.
- `cache_format`: chooses pixels or JPEG for the store, by the space and the time that they take.
- `threads`: a pool of daemon threads for decoding.
- `order`: the order of the training pictures in an epoch.
- `loader`: makes batches in threads, ahead of their use; `filling`: writes one picture into its batch.
- `batches`: the classes that the loader yields.
- `transfer`: copies batches to the device and normalises them there.
- `augment/`: random changes of training pictures and batches.

The modules down to `reading/` load no torch.

May import `sinks`, `metrics`, `storage`, `hardware`, `config`, `protocol`, `demo` and `errors`.
"""
