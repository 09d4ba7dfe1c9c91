"""Data sets that a library has by name. They are written once, as a folder per class, into the user's cache folder.

- `source`: the two functions of a source; it starts `export` and passes its progress on.
- `export`: a process of its own, because libraries print, take memory, and cannot be interrupted.
- `writing`: writes the pictures of a collection.
- `collection`: the pictures of a data set as the modules below give them. A library is one of these modules, with a
  function `open_dataset`, a row in `LIBRARIES` of `export`, and one in `SOURCES`.
- `torchvision_sets`, `hugging_face`: the libraries.

`source` loads no torch.
"""
