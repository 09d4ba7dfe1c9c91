"""The picture formats that may be opened. Loads no torch."""

from PIL import Image

# Pillow registers its formats at the first picture. Do it here, before several threads open pictures.
Image.init()
# Pillow recognises a file by its content, so a `.jpg` may have any of these formats. Other formats are refused:
# some of them start programs (EPS starts Ghostscript), and nobody trains on them.
FORMATS: tuple[str, ...] = tuple(
    name for name in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "GIF", "AVIF") if name in Image.OPEN
)
