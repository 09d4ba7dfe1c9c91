"""Palettes and transparency become plain colours. What is transparent is white, as most viewers show it."""

from PIL import Image

PLAIN = ("L", "RGB", "CMYK", "LAB")
WHITE = (255, 255, 255)
_WITH_ALPHA = {"RGBa": "RGBA", "La": "LA", "PA": "RGBA"}


def flat(picture: Image.Image) -> Image.Image:
    """The picture in one of the modes `PLAIN`, in its own colour space. The same object if it is plain already."""
    if picture.has_transparency_data:
        return _on_white(picture)
    if picture.mode in PLAIN:
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in _WITH_ALPHA:
        picture = picture.convert(_WITH_ALPHA[picture.mode])
    elif picture.mode not in ("RGBA", "LA"):
        picture = picture.convert("RGBA")
    alpha = picture.getchannel("A")
    colours = picture.convert("L" if picture.mode == "LA" else "RGB")
    lowest, highest = alpha.getextrema()
    if lowest == 255 or (picture.format == "BMP" and highest == 0):  # BMP files often leave the fourth byte empty
        return colours
    page = Image.new(colours.mode, colours.size, WHITE if colours.mode == "RGB" else 255)
    page.paste(colours, mask=alpha)
    return page
