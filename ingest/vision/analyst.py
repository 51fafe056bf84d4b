"""The analyst's own process: `python -m ingest.vision.analyst SETTINGS`, one for all cameras, as the stage starts it.

Two threads take turns over a frame: one finds and follows objects, the next makes pictures of what it found, so that
faces are looked for in one frame while objects are in another. A camera has one frame on its way at most; what needs no
picture goes out at once, unless something of the same camera still waits for one.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final

import cv2
import msgspec

from ingest.vision.analysis import TRY_AGAIN, Analysed, Analysis, pictured
from ingest.vision.camera import DetectorName
from ingest.vision.darkroom import Darkroom
from ingest.vision.detection.contract import Detector
from ingest.vision.detection.opening import open_detector
from ingest.vision.exchange import (
    Assign,
    Free,
    Gone,
    Look,
    Message,
    Pictured,
    Quiet,
    Redraw,
    Slots,
    Trouble,
    messages,
    packed,
)
from ingest.vision.faces.finder import FaceFinder
from ingest.vision.pictures.snapshots import Snapshots, smaller
from ingest.vision.reading.memory import return_memory_soon
from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime import logging
from ioc.runtime.children import stop_with_parent
from ioc.runtime.logging import Log
from ioc.store.pictures.folder import PictureFolder
from ioc.store.pictures.originals import Originals
from ioc.store.pictures.settings import PictureSettings

PASSING_WIDTH: Final = 640
"""Pixels, of a picture that shows who merely comes by; what is more than that is kept larger."""

_LOG: Final = Log("cameras.analyst")


class AnalystSettings(msgspec.Struct, frozen=True):
    """What the process is told at its start.

    Attributes:
        pictures: the settings of pictures as JSON, folder and key file settled.
        models: folder of the models; None for the usual one.
        threads: for finding objects.
        slots: descriptor, number and size in bytes of the shared memory's slots.
    """

    pictures: str
    models: str | None
    threads: int
    slots: tuple[int, int, int]
    log_level: str = "info"
    log_format: str = "console"


class Analyst:
    """Carries frames from the stage through both threads."""

    def __init__(self, settings: AnalystSettings) -> None:
        """Take the settings; models are loaded when they are first needed."""
        self._settings = settings
        self._models = None if settings.models is None else Path(settings.models)
        self._slots = Slots(*settings.slots)
        self._output = sys.stdout.buffer
        self._output_lock = Lock()
        # A camera has one frame on its way at most, and a word a second that it is quiet; the stage ends a process
        # that does not answer.
        self._asked: SimpleQueue[Message] = SimpleQueue()
        self._darkroom = Darkroom()
        self._troubles: dict[str, str] = {}

    def run(self) -> None:
        """Work until the stage closes the input."""
        for work in (self._analyse, self._picture):
            Thread(target=_or_die, args=(work,), daemon=True).start()
        for message in messages(sys.stdin.buffer):
            self._asked.put(message)

    def _analyse(self) -> None:
        analysis: Analysis | None = None
        while True:
            message = self._asked.get()
            if isinstance(message, Assign):
                self._cameras = {camera.id: slot for slot, camera in message.cameras}
                analysis = Analysis([camera for _, camera in message.cameras], message.boot, self._open_detector)
            elif analysis is None:
                continue
            elif isinstance(message, Redraw):
                analysis.redraw(message.camera, message.geometry)
            elif isinstance(message, Look):
                pixels = self._slots.get(self._cameras[message.camera], message.width, message.height)
                analysed = analysis.look(message, pixels)
                # What was looked at is a copy: the next frame need not wait for the pictures of this one.
                self._say(Free(message.camera))
                self._pass_on(analysed)
                self._tell_trouble("objects", analysis.problem)
            elif isinstance(message, Quiet):
                self._pass_on(analysis.quiet(message))
            elif isinstance(message, Gone):
                self._pass_on(analysis.gone(message))

    def _pass_on(self, analysed: Analysed) -> None:
        if analysed.pixels is not None and analysed.only_passing:
            # To look for faces costs by the pixel, and their events wait for it.
            analysed = replace(analysed, pixels=smaller(analysed.pixels, PASSING_WIDTH))
        at_once = self._darkroom.take_in(analysed)
        if at_once is not None:
            self._say(pictured(at_once, None))

    def _picture(self) -> None:
        snapshots: Snapshots | None = None
        tried_at: Instant = 0
        while True:
            analysed = self._darkroom.next()
            if analysed.pixels is not None:
                lacking = any(self._troubles.get(part) for part in ("faces", "originals"))
                if snapshots is None or (lacking and analysed.at - tried_at >= TRY_AGAIN):
                    before = None if snapshots is None else snapshots.counts
                    tried_at, snapshots = analysed.at, self._snapshots()
                    snapshots.counts = before or snapshots.counts
                self._say(pictured(analysed, snapshots))
                self._tell_pictures(snapshots)
            else:
                self._say(pictured(analysed, None))
            self._darkroom.done(analysed)

    def _snapshots(self) -> Snapshots:
        settings = PictureSettings.model_validate_json(self._settings.pictures)
        finder = None
        try:
            finder = FaceFinder.open(self._models)
            self._tell_trouble("faces", "")
        except Fault as fault:
            self._tell_trouble("faces", f"{fault} Until then no picture is kept.")
        folder = PictureFolder.of(settings)
        originals = None
        try:
            originals = Originals.of(settings, folder)
            self._tell_trouble("originals", "")
        except Fault as fault:
            self._tell_trouble("originals", f"{fault} Until then no unblurred picture is kept.")
        return Snapshots(folder, finder, originals)

    def _tell_pictures(self, snapshots: Snapshots) -> None:
        counts = snapshots.counts
        self._say(Pictured(counts.kept, counts.faces, counts.without_finder, counts.failed, self._darkroom.spared))
        if not self._troubles.get("faces"):
            self._tell_trouble("pictures", snapshots.trouble)

    def _open_detector(self, name: DetectorName) -> Detector:
        return open_detector(name, self._models, self._settings.threads)

    def _tell_trouble(self, part: str, sentence: str) -> None:
        if self._troubles.get(part, "") != sentence:
            self._troubles[part] = sentence
            if sentence:
                _LOG.warning(sentence)
            self._say(Trouble(part, sentence))

    def _say(self, message: Message) -> None:
        with self._output_lock:
            self._output.write(packed(message))
            self._output.flush()


def _or_die(work: Callable[[], None]) -> None:
    """Run a thread's work; a thread that failed takes the process along, and the stage starts it anew."""
    try:
        work()
    except Exception:
        # The outermost edge of a thread: without it the other one would wait for ever.
        _LOG.exception("the analyst was stopped by a fault that nobody expected")
        os._exit(1)


def main(argument: str) -> None:
    """Run the process."""
    stop_with_parent()
    settings = msgspec.json.decode(argument, type=AnalystSettings)
    logging.configure(settings.log_level, settings.log_format)  # type: ignore[arg-type]
    cv2.setNumThreads(settings.threads)
    return_memory_soon()
    try:
        Analyst(settings).run()
    except BrokenPipeError:
        # The stage is gone.
        os._exit(0)
    sys.stdout.flush()
    # The threads may be within OpenCV; nothing of theirs is worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
