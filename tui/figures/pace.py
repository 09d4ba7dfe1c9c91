"""How long something has been under way, and how fast it is. Uses the screen's clock, as events carry no time."""

BYTES = ("downloading ", "reading the journal")  # names that begin like this are of something counted in bytes


class Pace:
    """Watches one thing at a time; with another name it starts from zero."""

    def __init__(self) -> None:
        self.seconds = 0.0
        "since the thing was first seen"
        self.per_second = 0.0
        "average since then; 0: not known yet"
        self._what: object = None
        self._began = 0.0
        self._done = 0

    def see(self, what: object, done: int, now: float) -> "Pace":
        """Note what is under way at time `now`, and how much of it is done."""
        if what != self._what or done < self._done:
            self._what, self._began, self._done = what, now, done
        self.seconds = max(now - self._began, 0.0)
        self.per_second = (done - self._done) / self.seconds if self.seconds >= 1 else 0.0
        return self
