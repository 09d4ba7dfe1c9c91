"""Whether the system allows the threads that a screen needs: with too few, a library would fail in the middle."""

import threading

from engine.errors import EngineError

NEEDED = 6
"for the keys, the screen, the end of the terminal, and the run, and two that are needed now and then"


def need_threads() -> None:
    """Start that many threads and end them.

    Raises:
        EngineError: the system does not allow them.
    """
    over, threads = threading.Event(), list[threading.Thread]()
    try:
        for _ in range(NEEDED):
            thread = threading.Thread(target=over.wait, daemon=True)
            thread.start()
            threads.append(thread)
    except RuntimeError:
        remedy = "raise `ulimit -u`, or the limit of the job or container, or use --headless"
        raise EngineError("Too few threads", f"the screen needs {NEEDED}, the system allows fewer; {remedy}") from None
    finally:
        over.set()
        for thread in threads:
            thread.join()
