"""What is said of a run's folder that cannot be written."""

from pathlib import Path

from engine.errors import UserError


def not_writable(folder: Path, error: OSError) -> UserError:
    """The error for a folder that cannot be written."""
    reason = error.strerror or error
    return UserError("Run folder not writable", f"{folder}: {reason}; name another one with --set checkpoint.dir=DIR")
