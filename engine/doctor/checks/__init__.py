"""The checks of `doctor`, one a file. A new one is a function of the `Subject` that yields findings, and a row here."""

from engine.doctor.checks import (
    between_parts,
    class_leaks,
    class_names,
    class_sizes,
    colours,
    contradictions,
    left_out,
    sizes,
    unreadable,
    within_parts,
)
from engine.doctor.finding import Check

CHECKS: dict[str, Check] = {
    "between-parts": Check(between_parts.find, "the same picture in two parts, identical or nearly", fixes=True),
    "contradictions": Check(contradictions.find, "the same picture with different classes", fixes=True),
    "unreadable": Check(unreadable.find, "files that are damaged, cut short, empty or no pictures", fixes=True),
    "left-out": Check(left_out.find, "files that are not taken as pictures, by kind"),
    "within-parts": Check(within_parts.find, "the same picture several times in one part", fixes=True),
    "class-leaks": Check(class_leaks.find, "a size, shape, format or camera that only one class has"),
    "class-names": Check(class_names.find, "class names such as `new folder`, `train`, `cat (2)`, `Cat` beside `cat`"),
    "small-classes": Check(class_sizes.find_small, "classes with few pictures in a part"),
    "uneven-classes": Check(class_sizes.find_uneven, "classes of very different size"),
    "constant-pictures": Check(colours.find_constant, "pictures of one colour", fixes=True),
    "small-pictures": Check(sizes.find_small, "pictures smaller than half of the model's input"),
    "long-pictures": Check(sizes.find_long, "pictures more than three times as long as wide, or as wide as long"),
    "grey-pictures": Check(colours.find_grey, "a few grey pictures among coloured ones, or coloured among grey"),
}
"by the name that findings have"
