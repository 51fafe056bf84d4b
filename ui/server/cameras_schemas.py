"""The forms of what is asked about cameras and pictures and answered, as OpenAPI shows them."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ioc.model.cameras import CameraState, Way
from ui.server.schemas import ErrorDetail, Milliseconds, Title, Who, plain_text

NOTE_BOUND = 300
REASON_BOUND = 1_000

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NOTE_BOUND), AfterValidator(plain_text)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_BOUND),
    AfterValidator(plain_text),
]
PicturePoint = Annotated[
    tuple[float, float], Field(description="Shares of the picture's width and height.", examples=[[0.2, 0.8]])
]
Rows = Annotated[
    dict[str, list[int]], Field(description="By label, a number for each quarter hour.", examples=[{"person": [0, 3]}])
]


class CameraZone(BaseModel):
    """A part of the picture in which objects are counted."""

    zone: str = Field(description="Its name.", examples=["gate"])
    polygon: list[PicturePoint] = Field(description="Three corners at least.")
    dwell_s: float | None = Field(description="Who stays longer, in seconds, is told of; null where nobody asks.")
    density: bool = Field(description="Whether the share of it that people cover is told.")


class CameraLine(BaseModel):
    """A line that objects cross."""

    model_config = ConfigDict(populate_by_name=True)

    line: str = Field(description="Its name.", examples=["entrance"])
    start: PicturePoint = Field(alias="from")
    to: PicturePoint
    forbidden: Way = Field(description="The way that nobody is to take; in is from the left hand to the right hand.")


class CameraGeometry(BaseModel):
    """What is drawn on a camera's picture."""

    region: list[PicturePoint] = Field(description="The part that is looked at; the whole picture where empty.")
    zones: list[CameraZone]
    lines: list[CameraLine]


class CameraPlace(BaseModel):
    """Where a camera stands and where it looks."""

    lat: float = Field(description="WGS 84 degrees.", examples=[11.9404])
    lon: float = Field(description="WGS 84 degrees.", examples=[108.4583])
    heading: float | None = Field(description="Where it looks, degrees clockwise from north; null where nobody said.")
    angle: float = Field(description="How wide it sees, degrees.")
    range_m: float = Field(description="How far it sees, metres.")


class FrameCounts(BaseModel):
    """What became of a camera's frames since it was first read."""

    came: int
    looked: int = Field(description="Those that were looked at.")
    skipped: int = Field(description="Those that were due to be looked at when a newer one had come already.")
    refused: int = Field(description="Those that could not be used.")


class ZonePeople(BaseModel):
    """Who is in a zone now."""

    zone: str = Field(examples=["gate"])
    people: int
    vehicles: int


class LiveBox(BaseModel):
    """Something that a live picture shows."""

    label: str = Field(examples=["person"])
    score: float = Field(description="0 to 1, the detector's own.")
    box: tuple[float, float, float, float] = Field(description="Left, top, right, bottom, in shares of the picture.")
    track: str = Field(description="Which one it is; empty where nobody follows it.")


class LivePicture(BaseModel):
    """The latest picture of a camera that somebody looks at."""

    at: Milliseconds | None = Field(description="When it was taken; null before the first one.")
    picture: str | None = Field(description="Where it is; null before the first one.")
    boxes: list[LiveBox] = Field(description="What is to be drawn on it.")


class CameraItem(BaseModel):
    """A camera as lists show it."""

    id: str = Field(examples=["cam-gate-01"])
    name: Title
    state: CameraState
    sentence: str = Field(description="What is wrong and what to do; empty where all is well.")
    trouble: str = Field(description="What does not work although the picture comes; empty where all does.")
    since: Milliseconds = Field(description="Since when it is in this state.")
    at: Milliseconds = Field(description="When it was last told of.")
    silent: bool = Field(description="Whether that is too long ago: it was so then.")
    source: str = Field(description="rtsp, mjpeg, hls, file, folder or usb.")
    width: int = Field(description="Of the stream's pictures, pixels; 0 where none came yet.")
    height: int
    rate: float = Field(description="Frames a second that come.")
    target_rate: float = Field(description="Frames a second that are to be looked at.")
    frames: FrameCounts
    opened: int = Field(description="How often the stream was opened.")
    delay_ms: float = Field(description="How long the last frame waited for its look.")
    night: bool
    detector: str = Field(description="How objects are found.", examples=["ssd"])
    look_for: list[str] = Field(examples=[["objects", "tampering"]])
    place: CameraPlace | None
    people: int = Field(description="In the picture now.")
    vehicles: int
    zones_now: list[ZonePeople]
    simulated: bool = Field(description="Whether what it shows is pretended.")
    revision: int = Field(description="Of the drawing that holds; 0 where nobody ever drew.")
    geometry: CameraGeometry = Field(description="What holds: as it was drawn, or as the configuration says.")
    live: LivePicture | None = Field(description="null where it was not asked for.")


class CameraList(BaseModel):
    """All cameras."""

    cameras: list[CameraItem]
    total: int
    by_state: dict[str, int] = Field(description="How many there are by state; `silent` for those not told of.")
    originals: bool = Field(
        description="Whether pictures are kept unblurred too; POST /api/pictures/{id}/original shows these."
    )
    now: Milliseconds


class DrawingItem(BaseModel):
    """Who has drawn when."""

    revision: int
    who: str = Field(examples=["Lan"])
    at: Milliseconds
    note: str = Field(description="Why, in their words: text, never HTML.")
    from_file: bool = Field(description="Whether they let the configuration hold again.")


class CameraDetails(CameraItem):
    """A camera with what was drawn on its picture."""

    file_geometry: CameraGeometry = Field(description="As the configuration says it.")
    in_force: bool = Field(description="Whether the cameras' process has taken up the drawing that holds.")
    drawings: list[DrawingItem] = Field(description="The latest 20, newest first.")


class CameraLive(LivePicture):
    """What a camera shows now."""

    camera: str = Field(examples=["cam-gate-01"])
    state: CameraState
    sentence: str
    trouble: str
    silent: bool
    people: int
    vehicles: int
    zones_now: list[ZonePeople]
    now: Milliseconds


class DrawRequest(BaseModel):
    """What somebody has drawn."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "geometry": {
                        "region": [],
                        "zones": [{"zone": "gate", "polygon": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.9]]}],
                        "lines": [{"line": "entrance", "from": [0.2, 0.8], "to": [0.8, 0.8], "forbidden": "in"}],
                    },
                    "who": "Lan",
                    "note": "Cổng đã dời",
                    "revision": 0,
                }
            ]
        },
    )

    geometry: dict[str, Any] | None = Field(
        description="As `CameraGeometry`, all parts optional; null lets the configuration hold again."
    )
    who: Who = Field(description="Who has drawn.")
    note: Note = Field(default="", description="Why, kept as plain text.")
    revision: int = Field(ge=0, le=2**53, description="Of the drawing with which they began.")


class Drawn(DrawingItem):
    """The drawing that holds."""

    geometry: CameraGeometry | None = Field(description="null where the configuration's holds again.")


class DrawingErrorBody(BaseModel):
    """The body of an answer that somebody else has drawn meanwhile."""

    error: ErrorDetail
    drawn: Drawn | None = Field(description="What they drew; null where no drawing is known any more.")


class ZoneCounts(BaseModel):
    """What was counted in a zone."""

    zone: str = Field(examples=["gate"])
    entered: Rows
    most: Rows


class LineCounts(BaseModel):
    """What was counted on a line."""

    model_config = ConfigDict(populate_by_name=True)

    line: str = Field(examples=["entrance"])
    inwards: Rows = Field(alias="in")
    out: Rows
    forbidden: Rows


class CameraCounts(BaseModel):
    """What a camera counted over a day."""

    camera: str = Field(examples=["cam-gate-01"])
    day: str = Field(examples=["2026-11-22"])
    timezone: str = Field(description="The city's.", examples=["Asia/Ho_Chi_Minh"])
    start: Milliseconds = Field(description="When the day begins there.")
    step_ms: int = Field(description="A quarter hour.", examples=[900_000])
    quarters: int = Field(description="How many the day has.", examples=[96])
    now: Milliseconds
    seen: Rows
    most: Rows
    zones: list[ZoneCounts] = Field(description="Those drawn now, then others in which something was counted.")
    lines: list[LineCounts] = Field(description="Those drawn now, then others on which something was counted.")


class OriginalRequest(BaseModel):
    """Who wants to see a picture with faces, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"who": "Lan", "reason": "Trẻ lạc, vụ 5f2c7a90."}]}
    )

    who: Who = Field(description="The person's name.")
    reason: Reason = Field(description="Why; written into the audit log.")
