"""Writes a clip of what was seen: faces blurred first, then zones, lines and boxes drawn over it."""

from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final

import cv2
import numpy as np

from ingest.vision.faces.blurring import blurred
from ingest.vision.faces.finder import FaceFinder, FacesUnknown
from ingest.vision.frame import Pixels
from ingest.vision.trial.telling import Clip
from ioc.model.cameras import Geometry, Way
from ioc.model.faults import Fault
from ioc.model.instant import SECOND, Instant

CODECS: Final = {".mp4": "mp4v", ".avi": "MJPG", ".webm": "VP80"}
"""By the ending of the file's name: what OpenCV's own FFmpeg can write everywhere."""

_WAITING: Final = 16
"""Pictures that wait to be written; a further one is left out."""

_ZONE: Final = (80, 220, 255)
_LINE: Final = (255, 200, 80)
_FORBIDDEN: Final = (80, 80, 255)
_PERSON: Final = (127, 192, 53)
_OTHER: Final = (255, 163, 74)

Boxes = tuple[tuple[str, float, str, str], ...]


class ClipWriter:
    """Writes in a thread of its own, so that looking for faces does not slow down what is measured."""

    def __init__(self, path: Path, rate: float, finder: FaceFinder, geometry: Geometry) -> None:
        """Take where it goes; the file is opened with the first picture.

        Args:
            path: ends in one of `CODECS`.
            rate: pictures a second.
            finder: finds faces; the thread's own.
            geometry: what is drawn on every picture.
        """
        self._path, self._rate, self._finder, self._geometry = path, rate, finder, geometry
        self._waiting: Queue[tuple[Instant, Pixels, Boxes]] = Queue(_WAITING)
        self._over = Event()
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._begun: Instant | None = None
        self._written = self._pictures = self._faces = self._left_out = 0
        self._problem = ""
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, at: Instant, pixels: Pixels, boxes: Boxes) -> None:
        """Hand over a picture, which nobody may change any more; it is left out where too many wait."""
        try:
            self._waiting.put_nowait((at, pixels, boxes))
        except Full:
            self._left_out += 1

    def finish(self, within_s: float) -> Clip | None:
        """Write what waits, and close the file; None where there is none.

        Raises:
            Fault: it could not be written.
        """
        self._over.set()
        self._thread.join(within_s)
        if self._problem:
            raise Fault(self._problem, wrong_use=False)
        if self._thread.is_alive() or not self._written:
            return None
        return Clip(str(self._path), self._written / self._rate, self._pictures, self._faces, self._left_out)

    def _run(self) -> None:
        while not (self._over.is_set() and self._waiting.empty()):
            try:
                at, pixels, boxes = self._waiting.get(timeout=0.1)
            except Empty:
                continue
            if not self._problem:
                self._write(at, pixels, boxes)
        if self._writer is not None:
            self._writer.release()

    def _write(self, at: Instant, pixels: Pixels, boxes: Boxes) -> None:
        try:
            faces = self._finder.find(pixels)
        except FacesUnknown:
            self._left_out += 1
            return
        picture = annotated(blurred(pixels, [box for box, _ in faces]), boxes, self._geometry)
        if self._writer is None:
            self._open(picture)
        if self._writer is None:
            return
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = np.asarray(cv2.resize(picture, self._size), np.uint8)
        self._begun = at if self._begun is None else self._begun
        # A picture is repeated until the next one is due, so that the clip is as long as what it shows.
        due = int((at - self._begun) * self._rate // SECOND) + 1
        for _ in range(max(1, due - self._written)):
            self._writer.write(picture)
            self._written += 1
        self._pictures += 1
        self._faces += len(faces)

    def _open(self, picture: Pixels) -> None:
        # The codecs want even sides.
        self._size = (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2)
        code = cv2.VideoWriter.fourcc(*CODECS[self._path.suffix.lower()])
        writer = cv2.VideoWriter(str(self._path), code, self._rate, self._size)
        if writer.isOpened():
            self._writer = writer
        else:
            self._problem = f"{self._path}: a clip of {self._size[0]} × {self._size[1]} pixels cannot be written there"


def annotated(picture: Pixels, boxes: Boxes, geometry: Geometry) -> Pixels:
    """Draw zones, lines and what was seen on a picture, which is changed, and give it back."""
    high, wide = picture.shape[:2]
    thick = max(1, round(wide / 640))
    font, size = cv2.FontFace("sans"), max(11, round(wide / 55))
    for zone in geometry.zones:
        corners = np.array([(round(x * wide), round(y * high)) for x, y in zone.polygon], np.int32)
        cv2.polylines(picture, [corners], True, _ZONE, thick, cv2.LINE_AA)
        _label(picture, zone.name, (int(corners[0][0]), int(corners[0][1])), _ZONE, font, size)
    for line in geometry.lines:
        start, end = ((round(x * wide), round(y * high)) for x, y in (line.start, line.end))
        ink = _LINE if line.forbidden is Way.NONE else _FORBIDDEN
        cv2.arrowedLine(picture, start, end, ink, thick, cv2.LINE_AA, tipLength=0.06)
        _label(picture, line.name, start, ink, font, size)
    for label, score, box, _ in boxes:
        left, top, right, bottom = (float(side) for side in box.split(","))
        first, last = (round(left * wide), round(top * high)), (round(right * wide), round(bottom * high))
        ink = _PERSON if label == "person" else _OTHER
        cv2.rectangle(picture, first, last, ink, thick, cv2.LINE_AA)
        _label(picture, f"{label} {score:.2f}", first, ink, font, size)
    return picture


def _label(
    picture: Pixels, text: str, at: tuple[int, int], ink: tuple[int, int, int], font: cv2.FontFace, size: int
) -> None:
    place = (at[0] + 2, max(size + 2, at[1] - 4))
    left, top, wide, high = cv2.getTextSize((picture.shape[1], picture.shape[0]), text, place, font, size, 600)
    # A dark ground, so that it can be read on any picture.
    cv2.rectangle(picture, (left - 2, top - 2), (left + wide + 2, top + high + 2), (24, 20, 18), -1)
    cv2.putText(picture, text, place, ink, font, size, 600)
