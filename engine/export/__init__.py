"""A trained model as a file for other programs, compared with the checkpoint before anybody gets it.

- `formats`: the table of formats, and what the module of a format has.
- `reloaded`: what a reader of a file gets.
- `exported`: the model as it is written: its weights, and what a reader must know of it.
- `safetensors_file`, `torch_export`, `torchscript`, `onnx_file`, `timm_folder`, `hf_folder`: a format each.
- `answering`: runs a model of torch on NumPy arrays.
- `timm_twin`: the same model as timm builds it, and how timm describes it.
- `check_pictures`: which pictures a file is compared on.
- `check`: a program that loads a file in a process of its own, and writes what it says of pictures.
- `comparison`: runs that program, and compares its answers with the checkpoint's.
- `placing`: a file or a folder that gets its name once it is checked.
- `writer`: does all of it.

`formats`, `check` and `placing` load no torch by themselves. May import `inference`, `models`, `data`, `storage`,
`config`, `protocol` and `errors`.
"""
