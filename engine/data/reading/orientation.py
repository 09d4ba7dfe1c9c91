"""Turns a picture as its EXIF data say: cameras store pictures as their sensor lies."""

from PIL import ExifTags, Image

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by the value of the EXIF tag 274; 1 is upright

_CARRIERS = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif")


def turn(picture: Image.Image) -> Image.Transpose | None:
    """How a loaded picture has to be turned to be upright; `None` if it is upright, or its EXIF data are damaged.

    A PNG file may have its EXIF data behind its pixels, so they are known only when it is loaded. Pillow itself turns
    TIFF files when it loads them, and so do libheif and libjxl.
    """
    if picture.format == "TIFF" or not any(name in picture.info for name in _CARRIERS):
        return None
    if picture.format == "JXL" and not getattr(picture, "jpeg", False):
        return None
    try:
        return TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged EXIF data raise many kinds of errors, and the pixels are whole
        return None
