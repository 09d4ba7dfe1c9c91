"""How long ago something was, in words."""


def age(seconds: float) -> str:
    """How long ago, in one unit: `4 s`, `3 min`, `2 h`, `5 d`."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(max(seconds, 0))} s"
