"""Reads one picture file as a viewer shows it. Training, tests, thumbnails, reports and `predict` all use it.

- `formats`: the endings of picture files, and which of them need an extra. Loads no Pillow.
- `signatures`: what a file is by its first bytes, for the reason why it cannot be read.
- `opening`: opens a file with Pillow, in the known formats only, and says why a file cannot be read.
- `jpeg_xl`: the size of a JPEG XL picture, which has to be known before its library opens it.
- `notes`: what is done to pictures that a person should know of, counted.
- `orientation`: turns a picture as its EXIF data say.
- `tones`: 16 bits, 32 bits and floats become 8 bits.
- `flattening`: palettes and transparency become plain colours, on white.
- `colour`: CMYK, LAB and colour profiles become sRGB.
- `large`: how large a picture may be, and the smaller scale of very large ones.
- `decoder`: all of it together.

No module of it loads torch.
"""
