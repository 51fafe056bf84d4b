"""What a trial's process and the one that started it tell one another: a line of JSON each."""

import msgspec

from ingest.vision.camera import Camera


class TrialSettings(msgspec.Struct, frozen=True):
    """What is to be tried; on standard input, since an address may hold a password.

    Attributes:
        seconds: for how long, from the first frame on.
        allow: private networks in which the camera may be.
        models: folder of the models; None for the usual one.
        clip: where a clip is to be written; None for nowhere.
    """

    camera: Camera
    seconds: float
    allow: tuple[str, ...] = ()
    models: str | None = None
    clip: str | None = None


class Opened(msgspec.Struct, tag="opened", frozen=True):
    """The stream is open.

    Attributes:
        after_s: seconds that it took.
        kind: what it is: rtsp, hls, mjpeg, …
        rate: frames a second, as the stream says; 0 where it does not say.
    """

    after_s: float
    kind: str
    rate: float


class Now(msgspec.Struct, tag="now", frozen=True):
    """How it goes, several times a second.

    Attributes:
        left_s: seconds until the trial is over.
        came: frames that came.
        looked: frames that were looked at.
        rate: frames a second that come.
        delay_ms: how long the last frame took from the decoder until it was looked at.
        boxes: label, score, box as text and track of what is in the picture.
    """

    left_s: float
    came: int
    looked: int
    rate: float
    delay_ms: float
    width: int
    height: int
    night: bool
    moving: float
    boxes: tuple[tuple[str, float, str, str], ...]


class Clip(msgspec.Struct, frozen=True):
    """What was written.

    Attributes:
        seconds: how long it is.
        pictures: how many different pictures it shows.
        faces: how many faces were blurred in them.
        left_out: pictures that are missing, since faces could not be looked for in them or there was no time.
    """

    path: str
    seconds: float
    pictures: int
    faces: int
    left_out: int


class Seen(msgspec.Struct, frozen=True):
    """What was seen of one kind.

    Attributes:
        tracks: how many different ones.
        at_once: how many at once, at most.
    """

    label: str
    tracks: int
    at_once: int


class Ended(msgspec.Struct, tag="ended", frozen=True):
    """What came of it.

    Attributes:
        problem: why it is of no use; empty where it went well.
        opened_s: seconds until the stream was open.
        said_rate: frames a second, as the stream says; 0 where it does not say.
        rate: frames a second that came.
        looked_rate: frames a second that were looked at.
        skipped: frames that were due and were not looked at, since a newer one had come.
        refused: pictures that could not be used.
        delay_ms: from the decoder until a frame was looked at, median.
        slow_delay_ms: the same, of the slowest twentieth.
        detect_ms: how long finding objects took, median.
        crossed: crossings, by line and direction.
        told: what else was told of: camera_state, smoke-like, …
        notes: what else somebody should know, as sentences.
    """

    problem: str = ""
    opened_s: float = 0.0
    kind: str = ""
    width: int = 0
    height: int = 0
    said_rate: float = 0.0
    seconds: float = 0.0
    came: int = 0
    looked: int = 0
    rate: float = 0.0
    looked_rate: float = 0.0
    skipped: int = 0
    refused: int = 0
    delay_ms: float = 0.0
    slow_delay_ms: float = 0.0
    detect_ms: float = 0.0
    night: bool = False
    seen: tuple[Seen, ...] = ()
    crossed: tuple[tuple[str, str, int], ...] = ()
    told: tuple[str, ...] = ()
    clip: Clip | None = None
    notes: tuple[str, ...] = ()


Message = Opened | Now | Ended

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def written(message: Message | TrialSettings) -> bytes:
    """Write a message as a line."""
    return _ENCODER.encode(message) + b"\n"


def read(line: bytes) -> Message:
    """Read a line.

    Raises:
        ValueError: it is no message.
    """
    return _DECODER.decode(line)


def read_settings(line: bytes) -> TrialSettings:
    """Read the settings.

    Raises:
        ValueError: they are none.
    """
    return msgspec.json.decode(line, type=TrialSettings)
