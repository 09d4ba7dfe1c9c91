"""What listing pictures needs, whether a folder or a table lists them. Opens no picture, loads no torch.

- `part_names`: the usual names of parts.
- `class_names`: class names in one form of Unicode, and those that look alike.
- `walk`: the files below a folder, each once.
- `kinds`: the kinds of files that are no pictures, and what to do about them.
- `left_out`: counts the files that are no pictures.
- `layout`: which folders are the parts of a data set, and which are its classes.
- `table_beside`: the table that lies beside pictures without class folders.
- `balance`: how uneven the classes are.
- `summary`: which folder is which part, as one line.
- `picture_list`: the list of its pictures that a run keeps.
- `resuming`: the pictures of a resumed run, and what has changed.
- `meanwhile`: progress while a thread lists pictures.
"""
