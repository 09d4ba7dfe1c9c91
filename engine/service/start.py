"""What a process of this program settles before anything else: who may write its files, and where its home is."""

import os

from engine.service.remote.address import own_folder


def settle() -> None:
    """Settle both, at the beginning of a program."""
    restrict_umask()
    find_home()


def restrict_umask() -> None:
    """Make the files that this process creates from now on its user's to read and write, and not for all to write.

    Some containers and batch systems start processes with the umask 0. A umask that takes the user's own rights, too,
    would end a run at its first file.
    """
    before = os.umask(0o077)
    os.umask((before | 0o002) & 0o077)


def find_home() -> None:
    """Without a home folder, as a user has none whom only a container knows by a number, use one of this user in /tmp.

    Libraries that ask for it would otherwise make a folder that is called `~`.
    """
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - Path.home raises an error
        try:
            os.environ["HOME"] = os.fspath(own_folder())
        except OSError:
            os.environ["HOME"] = "/"  # as containers have it; what would be kept there is not kept, and that is said
