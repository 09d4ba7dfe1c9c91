"""The formats of pictures that are opened. Loads no torch."""

from PIL import Image

# Pillow registers its formats at the first picture that needs them; done here, no two threads do it at once.
Image.init()
# Files are told by their content, so a `.jpg` may be any of these. Others are refused: some of Pillow's formats
# start programs (EPS starts Ghostscript), and none of them is what people train on.
FORMATS: tuple[str, ...] = tuple(
    name for name in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "GIF", "AVIF") if name in Image.OPEN
)
