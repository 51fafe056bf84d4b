"""What the stage and its child processes tell one another: messages over pipes, frames through shared memory.

    reader(s) ──frame, state, numbers──▶ stage ──frame──▶ analyst
        ▲                                  │ ▲               │
        └──── slot is free, geometry ──────┘ └── findings ───┘

A reader opens cameras and looks at their frames cheaply; the analyst finds objects, follows them, and makes pictures
without faces. Only they load OpenCV: a picture or stream that kills one of them does not touch the stage.
A camera has one slot of shared memory. It belongs to the reader until a `Look` names it, and again from `Free` on:
there is never a torn frame, never a queue, and the latest frame wins.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec
import numpy as np

from ingest.vision.camera import Camera
from ingest.vision.finding import Finding, Report
from ingest.vision.frame import Pixels
from ioc.model.cameras import CameraState, Geometry
from ioc.model.instant import Instant

MAX_MESSAGE: Final = 4_000_000
"""Bytes of one message."""

_LENGTH: Final = struct.Struct(">I")


class Assign(msgspec.Struct, tag=True, frozen=True):
    """To a child, first: the cameras it has, each with the number of its slot."""

    cameras: tuple[tuple[int, Camera], ...]
    boot: str


class Redraw(msgspec.Struct, tag=True, frozen=True):
    """To a child: from now on these are the zones and lines of a camera."""

    camera: str
    geometry: Geometry


class Free(msgspec.Struct, tag=True, frozen=True):
    """From the analyst, and on to the reader: the camera's slot has been looked at and may be written again."""

    camera: str


class Watched(msgspec.Struct, tag=True, frozen=True):
    """To a reader: these cameras are looked at by somebody; a frame a second of each, moving or not."""

    cameras: tuple[str, ...]


class Look(msgspec.Struct, tag=True, frozen=True):
    """From a reader, and on to the analyst: a frame stands in the camera's slot.

    Attributes:
        at: when the frame came out of the decoder.
        detect: whether objects are to be looked for (what moves, or an open track).
        show: whether somebody watches the camera, so that its live picture is due.
    """

    camera: str
    number: int
    at: Instant
    width: int
    height: int
    report: Report
    detect: bool
    show: bool


class Quiet(msgspec.Struct, tag=True, frozen=True):
    """From a reader, and on to the analyst: nothing moved in the camera's last second; carries no frame."""

    camera: str
    at: Instant
    report: Report


class Gone(msgspec.Struct, tag=True, frozen=True):
    """To the analyst: a camera's pictures do not come any more; what was followed in them has ended."""

    camera: str
    at: Instant


class Condition(msgspec.Struct, tag=True, frozen=True):
    """From a reader: how a camera's stream is.

    Attributes:
        sentence: what is wrong, where, and what to do, without any password; empty where all is well.
        width: of the stream's pictures, pixels; 0 where none came yet.
    """

    camera: str
    at: Instant
    state: CameraState
    sentence: str = ""
    width: int = 0
    height: int = 0


class Numbers(msgspec.Struct, tag=True, frozen=True):
    """From a reader, every two seconds: what became of a camera's frames since the reader began.

    Attributes:
        came: frames that the stream brought.
        looked: frames that were looked at.
        skipped: frames that were due to be looked at and were not, since a newer one had come or the slot was taken.
        refused: pictures that could not be used (too large, not decodable).
        opened: how often the stream was opened.
        rate: frames a second that came, over the last seconds.
        delay_ms: how long the last frame waited between the decoder and its look.
    """

    camera: str
    came: int
    looked: int
    skipped: int
    refused: int
    opened: int
    rate: float
    delay_ms: float


class Found(msgspec.Struct, tag=True, frozen=True):
    """From the analyst, one for each `Look`, `Quiet` and `Gone`: what is to be told.

    Attributes:
        findings: events to be, each with the id of its picture where it has one.
        boxes: label, score, box as text, track: what is to be drawn on the live picture.
        shown: whether the live picture was written.
        wants_look: whether a frame is wanted soon although nothing moves, for what stood still.
        counts: people and vehicles in each zone now, the whole picture under the empty name.
    """

    camera: str
    at: Instant
    findings: tuple[tuple[Finding, str | None], ...]
    boxes: tuple[tuple[str, float, str, str], ...] = ()
    shown: bool = False
    wants_look: bool = False
    counts: tuple[tuple[str, int, int], ...] = ()


class Pictured(msgspec.Struct, tag=True, frozen=True):
    """From the analyst, after pictures were asked for: what became of all of them since it was started.

    Attributes:
        kept: pictures that were written.
        faces: faces that were blurred in them.
        without_finder: pictures that were not written since faces could not be looked for.
        failed: pictures that could not be written.
        spared: pictures that were not made because too many were asked for at once.
    """

    kept: int
    faces: int
    without_finder: int
    failed: int
    spared: int


class Trouble(msgspec.Struct, tag=True, frozen=True):
    """From the analyst: a part of it does not work (no model, no face finder); empty where it does again."""

    part: str
    sentence: str


Message = Assign | Redraw | Free | Watched | Look | Quiet | Gone | Condition | Numbers | Found | Pictured | Trouble

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Message)


def packed(message: Message) -> bytes:
    """Write a message with its length before it."""
    body = _ENCODER.encode(message)
    return _LENGTH.pack(len(body)) + body


def unpacked(body: bytes) -> Message:
    """Read a message's body.

    Raises:
        ValueError: it is none.
    """
    message: Message = _DECODER.decode(body)
    return message


def body_length(head: bytes) -> int:
    """Read how many bytes follow the four bytes of a message's head.

    Raises:
        ValueError: more than any message has.
    """
    (length,) = _LENGTH.unpack(head)
    if length > MAX_MESSAGE:
        raise ValueError(f"a message of {length} bytes; at most {MAX_MESSAGE} are read")
    return int(length)


def messages(pipe: BinaryIO) -> Iterator[Message]:
    """Read messages until the pipe is closed; for a child, whose standard input it is."""
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        yield unpacked(pipe.read(body_length(head)))


class Slots:
    """The shared memory that frames are passed in: one slot a camera, used pages only."""

    def __init__(self, descriptor: int, count: int, slot_bytes: int) -> None:
        """Map it.

        Args:
            descriptor: of the memory, as `make` gave it; it stays open.
            count: how many slots there are.
            slot_bytes: how long each is.
        """
        self.descriptor = descriptor
        self.count = count
        self.slot_bytes = slot_bytes
        self._memory = mmap.mmap(descriptor, count * slot_bytes)

    @classmethod
    def make(cls, count: int, slot_bytes: int) -> "Slots":
        """Make memory that has no name, so that no file ever holds a frame, and that children inherit.

        Raises:
            OSError: the system has no such memory (it is Linux's).
        """
        descriptor = os.memfd_create("ioc-frames", 0)
        page = mmap.PAGESIZE
        slot_bytes = -(-slot_bytes // page) * page
        os.ftruncate(descriptor, max(1, count) * slot_bytes)
        return cls(descriptor, max(1, count), slot_bytes)

    def put(self, slot: int, pixels: Pixels) -> None:
        """Copy a picture into a slot.

        Raises:
            ValueError: it is larger than a slot.
        """
        size = pixels.nbytes
        if size > self.slot_bytes or not 0 <= slot < self.count:
            raise ValueError(f"a picture of {size} bytes for slot {slot}; a slot has {self.slot_bytes} bytes")
        self._view(slot, pixels.shape)[...] = pixels

    def get(self, slot: int, width: int, height: int) -> Pixels:
        """Copy the picture out of a slot."""
        return self._view(slot, (height, width, 3)).copy()

    def _view(self, slot: int, shape: tuple[int, ...]) -> Pixels:
        return np.ndarray(shape, np.uint8, self._memory, slot * self.slot_bytes)
