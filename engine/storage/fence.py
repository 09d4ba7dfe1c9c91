"""Whether this process may still write to its run's folder.

A process of several that was stopped for long is given up by the others, and another one may go on with the run. When
it is continued, it must not write. So whoever is about to replace or append to what others read asks here first.
"""

from collections.abc import Callable

_checks: list[Callable[[], None]] = []


def set_check(check: Callable[[], None]) -> None:
    """From now on `check` is called before each write; it ends this process if it must not write any more."""
    _checks[:] = [check]


def ensure_current() -> None:
    """End this process if another one may have its run."""
    for check in _checks:
        check()
