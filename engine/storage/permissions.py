"""Who may write the files of a run: its user, and nobody outside the group."""

import os


def restrict_umask() -> None:
    """Make the files that this process creates from now on its user's to read and write, and not for all to write.

    Some containers and batch systems start processes with the umask 0. A umask that takes the user's own rights, too,
    would end a run at its first file.
    """
    before = os.umask(0o077)
    os.umask((before | 0o002) & 0o077)
