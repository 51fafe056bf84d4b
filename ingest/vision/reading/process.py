"""A reader's own process: `python -m ingest.vision.reading.process SLOTS COUNT BYTES [NETWORKS [LEVEL FORM]]`.

It is told its cameras on standard input, answers on standard output, and ends with its input. A thread a camera; one
that does not come back from OpenCV ends the process, and the stage starts another one.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Literal, cast

from ingest.vision.camera import Camera
from ingest.vision.exchange import Assign, Condition, Free, Message, Redraw, Slots, Watched, messages, packed
from ingest.vision.frame import Pixels
from ingest.vision.looks.pixels import PixelLooks
from ingest.vision.reading.backoff import Backoff
from ingest.vision.reading.camera_reader import CameraReader, Looks, Means
from ingest.vision.reading.memory import limit_memory, return_memory_soon
from ingest.vision.sources.addresses import AllowedNetworks
from ingest.vision.sources.contract import Source
from ingest.vision.sources.opening import open_source, prepare_opencv
from ioc.model.cameras import CameraState
from ioc.runtime import clock, logging
from ioc.runtime.children import stop_with_parent
from ioc.runtime.logging import Log

STUCK_S: Final = 120.0
"""Seconds that opening a source, or one frame, may take: all that gives up by itself has done so earlier, even where a
server sends a byte now and then."""

STUCK_STATUS: Final = 70
"""Exit status of a process that ended itself because of a stream that hangs."""

_STACK_BYTES: Final = 4_194_304


_LOG: Final = Log("cameras.reader")


class Reading:
    """The cameras of one process."""

    def __init__(
        self,
        slots: Slots,
        say: Callable[[bytes], None],
        open_camera: Callable[[Camera], Source],
        make_looks: Callable[[Camera], Looks] = PixelLooks,
    ) -> None:
        """Take what it works with.

        Args:
            slots: the memory that frames are handed over in.
            say: writes bytes to the stage, all of them.
            open_camera: opens a camera's source.
            make_looks: gives the cheap looks at a camera.
        """
        self._slots = slots
        self._say = say
        self._say_lock = threading.Lock()
        self._open_camera = open_camera
        self._make_looks = make_looks
        self._readers: dict[str, CameraReader] = {}
        self._stop = threading.Event()

    def take(self, message: Message) -> None:
        """Do what the stage says."""
        match message:
            case Assign():
                for slot, camera in message.cameras:
                    self._begin(slot, camera)
            case Redraw() if message.camera in self._readers:
                self._readers[message.camera].redraw(message.geometry)
            case Free() if message.camera in self._readers:
                self._readers[message.camera].free()
            case Watched():
                for name, reader in self._readers.items():
                    reader.watch(name in message.cameras)
            case _:
                pass

    def stop(self) -> None:
        """Ask all threads to end."""
        self._stop.set()

    def stuck(self) -> str | None:
        """Name a camera whose stream hangs, if there is one."""
        return next((name for name, reader in self._readers.items() if reader.stuck_s() > STUCK_S), None)

    def give_up(self, camera: str) -> None:
        """Tell why the process ends, unless telling hangs too."""
        sentence = f"reading it hung for {STUCK_S:.0f} s; its process is started anew"
        _LOG.error("a stream hangs; this process ends so that another one takes over", camera=camera)
        if self._say_lock.acquire(timeout=1.0):
            self._say(packed(Condition(camera, clock.now(), CameraState.BROKEN, sentence)))

    def _begin(self, slot: int, camera: Camera) -> None:
        def hand_over(pixels: Pixels) -> None:
            self._slots.put(slot, pixels)

        means = Means(
            open_source=self._open_camera,
            make_looks=self._make_looks,
            tell=self._tell,
            hand_over=hand_over,
            slot_bytes=self._slots.slot_bytes,
            now=clock.now,
            monotonic=time.monotonic,
            stop=self._stop,
            backoff=Backoff(),
        )
        reader = self._readers[camera.id] = CameraReader(camera, means)
        threading.Thread(target=_or_die, args=(reader.run,), name=camera.id, daemon=True).start()

    def _tell(self, message: Message) -> None:
        # A stage that does not read holds the threads here; frames that come meanwhile are passed over.
        with self._say_lock:
            self._say(packed(message))


def _or_die(run: Callable[[], None]) -> None:
    """Run a camera's thread; what is wrong with the stage's pipe or the slots is nothing that one camera can mend."""
    try:
        run()
    except BrokenPipeError:
        os._exit(0)
    except Exception:
        # The outermost edge of a thread.
        _LOG.exception("a reader was stopped by a fault that nobody expected")
        os._exit(1)


def _watch_over(reading: Reading) -> None:
    while True:
        time.sleep(1.0)
        camera = reading.stuck()
        if camera is not None:
            reading.give_up(camera)
            os._exit(STUCK_STATUS)


def main(arguments: Sequence[str]) -> None:
    """Run the process."""
    descriptor, count, slot_bytes = (int(each) for each in arguments[:3])
    networks = [each for each in (arguments[3] if len(arguments) > 3 else "").split(",") if each]
    level, form = arguments[4:6] if len(arguments) > 5 else ("info", "console")
    stop_with_parent()
    # Ctrl-C of a terminal is the stage's business, which closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.configure(
        cast("Literal['debug', 'info', 'warning', 'error']", level), cast("Literal['console', 'json']", form)
    )
    return_memory_soon()
    prepare_opencv()
    allowed = AllowedNetworks.of(networks)
    output = os.dup(1)
    # Whatever a library prints must not stand among the messages.
    os.dup2(2, 1)

    def say(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(output, rest) :]

    threading.stack_size(_STACK_BYTES)
    reading = Reading(Slots(descriptor, count, slot_bytes), say, lambda camera: open_source(camera, allowed))
    threading.Thread(target=_watch_over, args=(reading,), name="watchdog", daemon=True).start()
    for message in messages(sys.stdin.buffer):
        if isinstance(message, Assign):
            limit_memory(len(message.cameras))
        reading.take(message)
    reading.stop()
    # The threads may be within OpenCV; nothing of theirs is worth waiting for.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
