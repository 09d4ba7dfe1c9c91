"""The kinds of files and folders that are no pictures to train on, and what to do about each."""

from typing import NamedTuple

from engine.data.reading.formats import ENDINGS, remedy


class Kind(NamedTuple):
    """A kind of files."""

    name: str
    "what they are, for people; its first plural is what is counted"
    remedy: str = ""
    "what to do to have them; empty if they are rightly left out"


def _kinds(*rows: tuple[str, str, str]) -> dict[str, Kind]:
    """A kind for each ending of the last column."""
    return {f".{ending}": Kind(name, remedy) for name, remedy, endings in rows for ending in endings.split()}


# The formats that an extra reads are in the decoder's own table.
BY_ENDING = _kinds(
    (
        "raw pictures of cameras",
        "export them as JPEG or TIFF",
        "3fr arw cr2 cr3 dng erf kdc mrw nef nrw orf pef raf raw rw2 sr2 srf srw x3f",
    ),
    ("files of picture editors", "export them as PNG or TIFF", "afphoto clip kra psb psd sketch xcf"),
    ("drawings on pages", "export them as PNG", "ai cdr eps pdf ps svg svgz"),
    (
        "pictures in a format that is not read",
        "convert them to PNG or TIFF",
        "cur dcm dds dicom djvu exr fits fit hdr ico j2c j2k jp2 jpc jpf jpx mha mhd ndpi nii nrrd pbm pcx pfm pict "
        "pnm sgi svs tga wbmp wmf xbm xpm",
    ),
    ("arrays", "save them as PNG or TIFF, a file a picture", "h5 hdf5 mat npy npz tfrecord"),
    (
        "videos",
        "save some of their frames as pictures",
        "3gp avi flv m2ts m4v mkv mov mp4 mpeg mpg mts ogv webm wmv",
    ),
    ("archives", "unpack them", "7z bz2 gz rar tar tbz tgz txz xz zip zst"),
    (
        "tables",
        "if one of them names the classes of the pictures, use it with --data FILE.csv",
        "csv tsv",
    ),
    ("unfinished downloads", "download them again", "crdownload download part partial"),
    ("text files", "", "htm html json jsonl log md rst rtf txt xml yaml yml doc docx ods odt xls xlsx"),
    ("programs", "", "bat exe ipynb js m py pyc r sh"),
    ("sounds", "", "aac flac m4a mp3 ogg wav wma"),
    ("system files", "", "aae bak db dll ini lnk lock sys thm tmp url xmp"),
)

HIDDEN = Kind("hidden files")
SYSTEM = Kind("system files")
SHADOWS = Kind("files of macOS beside others (`._*`)")
NO_ENDING = Kind("files without an ending", "if they are pictures, give them their ending, such as .jpg")
LOOSE = Kind("pictures beside the class folders", "put each into the folder of its class")
LOOSE_ROOT = Kind("pictures beside the parts", "put each into the folder of its class, in its part")
FOLDERS_BESIDE = Kind("folders beside the parts", "if they are a part, call them `train`, `val` or `test`")
SYSTEM_FOLDERS_KIND = Kind("folders of other programs")
HIDDEN_FOLDERS = Kind("hidden folders")
LINKS_UP = Kind("links to a folder further up")

SYSTEM_NAMES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".localized", ".picasa.ini"))
"files that systems and programs leave in folders of pictures, in small letters"

SYSTEM_FOLDERS = frozenset(
    (
        *("@eadir", "#recycle", "@recycle", "@recently-snapshot", "#snapshot", "@tmp", ".@__thumb"),
        *("lost+found", "$recycle.bin", "recycler", "system volume information", "__macosx", "__pycache__"),
        *(".ipynb_checkpoints", ".git", ".svn", ".thumbnails", ".trash", ".trashes", ".spotlight-v100", ".fseventsd"),
    )
)
"folders that systems, network disks and programs make, in small letters"


def is_hidden(name: str) -> bool:
    """Whether another program made the folder, such as `.ipynb_checkpoints` or `@eaDir`."""
    return name.startswith((".", "__MACOSX")) or name.lower() in SYSTEM_FOLDERS


def kind_of_folder(name: str) -> Kind:
    """The kind of a folder that is left out."""
    is_system = name.lower() in SYSTEM_FOLDERS or name.startswith("__MACOSX")
    return SYSTEM_FOLDERS_KIND if is_system else HIDDEN_FOLDERS


def kind_of_file(name: str) -> Kind:
    """The kind of a file that is no picture."""
    if name.startswith("._"):
        return SHADOWS
    small = name.lower()
    if small in SYSTEM_NAMES:
        return SYSTEM
    if name.startswith("."):
        return HIDDEN
    place = small.rfind(".")
    if place < 0 or place == len(small) - 1:
        return NO_ENDING
    ending = small[place:]
    if ending in ENDINGS and (missing := remedy(ending)):
        return Kind(f"{ENDINGS[ending].name} pictures", f"to read them: {missing}")
    return BY_ENDING.get(ending) or Kind(f"`{ending}` files")
