"""The last minutes of the machine's use, as short bars from the oldest to the newest. Loads no Textual."""

from collections import deque

from engine.protocol import SystemSample

BAR_SECONDS = 5.0  # a bar is the mean of the samples within it: each shift of the bars is sent to the terminal
MOST_BARS = 24
LEVELS = "▁▂▃▄▅▆▇█"


class Trace:
    """Shares of 0..1 over time, for each name."""

    def __init__(self) -> None:
        self._bars: dict[str, deque[tuple[int, float, int]]] = {}
        "number of the interval, sum of its samples, how many there are"

    def take(self, sample: SystemSample) -> None:
        """Take the shares of a sample."""
        self._take("CPU", sample.time, sample.cpu)
        self._take("RAM", sample.time, sample.memory_used / max(sample.memory_total, 1))
        for gpu in sample.gpus:
            if gpu.utilisation is not None:
                self._take(f"GPU{gpu.index}", sample.time, gpu.utilisation)

    def bars(self, name: str, width: int) -> str:
        """The newest bars, at the right end of `width` cells; a blank where there are none yet."""
        bars = list(self._bars.get(name, ()))[-width:] if width > 0 else []
        drawn = (LEVELS[min(int(total / count * len(LEVELS)), len(LEVELS) - 1)] for _, total, count in bars)
        return "".join(drawn).rjust(width)

    def _take(self, name: str, time: float, share: float) -> None:
        bars, interval = self._bars.setdefault(name, deque(maxlen=MOST_BARS)), int(time // BAR_SECONDS)
        if bars and bars[-1][0] == interval:
            _, total, count = bars.pop()
            bars.append((interval, total + share, count + 1))
        else:
            bars.append((interval, share, 1))
