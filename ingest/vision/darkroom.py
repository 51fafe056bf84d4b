"""What waits until its pictures are made: in order for each camera, and never more than a few frames.

To look for faces in a picture takes longer than to find objects in it. Where more is to be pictured than can be, events
go out without a picture rather than late: first those of passers-by and live pictures, then all.
"""

from collections import Counter
from dataclasses import replace
from queue import SimpleQueue
from threading import Lock
from typing import Final

from ingest.vision.analysis import Analysed, is_passing

FRAMES: Final = 8
"""Frames that wait at most; each takes up to 3 MB."""

FOR_MORE_THAN_PASSING: Final = 4
"""Of these, the places that passers-by and live pictures may not take."""


class Darkroom:
    """A queue between the thread that analyses and the one that makes pictures.

    Attributes:
        spared: pictures that were asked for and are not made because too much waits.
    """

    def __init__(self, frames: int = FRAMES, reserved: int = FOR_MORE_THAN_PASSING) -> None:
        """Say how many frames may wait, and how many places only the more important ones may take."""
        self.spared = 0
        self._frames = frames
        self._reserved = reserved
        # Its frames are bounded above; without one, a camera has a word a second that it is quiet.
        self._queue: SimpleQueue[Analysed] = SimpleQueue()
        self._lock = Lock()
        self._waiting: Counter[str] = Counter()
        self._frames_waiting = 0

    def take_in(self, analysed: Analysed) -> Analysed | None:
        """Let something wait for its pictures; give back what need not wait and is to be told at once."""
        with self._lock:
            analysed = self._spare(analysed)
            if analysed.pixels is None and not self._waiting[analysed.camera]:
                return analysed
            self._waiting[analysed.camera] += 1
            self._frames_waiting += analysed.pixels is not None
            self._queue.put(analysed)
            return None

    def next(self) -> Analysed:
        """Give what has waited longest; waits until there is something."""
        return self._queue.get()

    def done(self, analysed: Analysed) -> None:
        """Note that something from `next` has been told."""
        with self._lock:
            self._waiting[analysed.camera] -= 1
            self._frames_waiting -= analysed.pixels is not None

    def _spare(self, analysed: Analysed) -> Analysed:
        if analysed.pixels is None:
            return analysed
        room = self._frames - self._frames_waiting
        if room > self._reserved:
            return analysed
        wanted = tuple(
            None if wish is not None and (room <= 0 or is_passing(finding)) else wish
            for finding, wish in zip(analysed.findings, analysed.wanted, strict=True)
        )
        self.spared += analysed.show + sum(wish is not None for wish in analysed.wanted)
        self.spared -= sum(wish is not None for wish in wanted)
        return replace(analysed, wanted=wanted, show=False, pixels=analysed.pixels if any(wanted) else None)
