"""What is said of a run's folder that cannot be written."""

from pathlib import Path

from engine.errors import UserError


def not_writable(path: Path, error: OSError) -> UserError:
    """The error for a run's folder, or a file in it, that cannot be written."""
    reason = error.strerror or error
    return UserError("Run folder not writable", f"{path}: {reason}; name another one with --set checkpoint.dir=DIR")
