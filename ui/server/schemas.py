"""The forms of requests and answers, as OpenAPI shows them; answers are written without going through them."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ioc.model.alerts import Severity
from ioc.model.assets import AssetStatus
from ioc.model.incidents import Condition, WorkState
from ioc.model.kinds import Kind
from ui.server.devices import DeviceStatus

WHO_BOUND = 80
TEXT_BOUND = 2_000

# C0 and C1 controls but tab and line feed, lone surrogates, and the marks that turn the direction of what follows.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_RESERVED = frozenset(("machine",))


def plain_text(text: str) -> str:
    """Refuse control characters and what turns the direction of text.

    Raises:
        ValueError: it has such a character.
    """
    if _CONTROL.search(text):
        raise ValueError("text without control characters")
    return text


def _name(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("a name on one line")
    if text.casefold() in _RESERVED:
        raise ValueError("a person's name; the machine speaks for itself")
    return plain_text(text)


Who = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WHO_BOUND), AfterValidator(_name)
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_BOUND), AfterValidator(plain_text)
]
Milliseconds = Annotated[float, Field(description="Milliseconds since 1970-01-01T00:00:00Z.")]
Title = Annotated[
    dict[str, str], Field(description="By language: vi, en.", examples=[{"vi": "Có khói", "en": "Smoke"}])
]


class Command(BaseModel):
    """What an operator says with a command."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"who": "Lan", "text": "Đã gọi 114, xe đang tới."}]}
    )

    who: Who = Field(description="The operator's name.")
    text: Text | None = Field(default=None, description="The operator's words, kept in the timeline as plain text.")


class Comment(Command):
    """A comment needs words."""

    text: Text = Field(description="The operator's words, kept in the timeline as plain text.")


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="The problem for programs; stays the same when a sentence is reworded.")
    what: str = Field(description="One sentence for a person.")
    where: str = Field(description="The part of the request that it is about.")
    expected: str = Field(description="What would have been right, or what to do.")


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "code": "already_acknowledged",
                        "what": "Lan has already acknowledged the incident.",
                        "where": "/api/incidents/5f2c7a90d1e84b36/acknowledge",
                        "expected": "an incident that nobody has taken yet",
                    }
                }
            ]
        }
    )

    error: ErrorDetail


class TimelineEntry(BaseModel):
    """One thing that machine or people did to an incident."""

    at: Milliseconds
    who: str = Field(description="`machine`, or the operator's name.", examples=["Lan"])
    what: str = Field(description="raised, cleared, acknowledged, commented or resolved.", examples=["acknowledged"])
    text: str | None = Field(description="An operator's words: text, never HTML.")


class MemberAlert(BaseModel):
    """One of the alerts of an incident that has several."""

    alert: str = Field(description="Its id.", examples=["5f2c7a90d1e84b36"])
    key: str = Field(description="What the rule held for.", examples=["ap-17"])
    raised_at: Milliseconds
    cleared_at: Milliseconds | None


class LeanIncident(BaseModel):
    """An incident as lists and the websocket show it."""

    id: str = Field(examples=["5f2c7a90d1e84b36"])
    rule: str = Field(examples=["fire"])
    key: str = Field(description="What the rule held for.", examples=["cam-17"])
    kind: Kind | None
    title: Title
    severity: Severity
    condition: Condition = Field(description="The machine's axis: does it still hold?")
    work_state: WorkState = Field(description="People's axis: who is doing something about it?")
    raised_at: Milliseconds
    cleared_at: Milliseconds | None
    updated_at: Milliseconds
    lat: float | None = Field(description="WGS 84 degrees.", examples=[11.9404])
    lon: float | None = Field(description="WGS 84 degrees.", examples=[108.4583])
    area: str | None = Field(description="Id of the smallest area it lies in.")
    place: str | None = Field(description="Where, as people call it.", examples=["Hồ Xuân Hương"])
    assets: list[str] = Field(description="Ids of the assets concerned; the first one names the place.")
    assignee: str | None = Field(description="Who has acknowledged it.")
    alerts: list[str] = Field(description="Ids of its alerts; where it has many, only the first one.")
    alert_count: int = Field(description="How many alerts of its own it has had.", examples=[1])
    speaks_for_count: int = Field(description="For how many alerts it stands; 0 where that is only its own.")
    inhibited_by: str | None = Field(description="Id of the incident that speaks for it; then it is in no list.")
    storm: bool = Field(description="Whether it stands for all that its rule raises too much of.")
    simulated: bool = Field(description="Whether a pretend city made it.")
    revision: int = Field(description="Grows by one with every change; a copy with a smaller one is older.")


class IncidentPicture(BaseModel):
    """A picture that an incident's evidence carries."""

    id: str = Field(
        description="See GET /api/pictures/{id}.", examples=["person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg"]
    )
    asset: str | None = Field(description="The camera that took it.")
    at: Milliseconds
    box: tuple[float, float, float, float] | None = Field(
        description="What it is about: left, top, right, bottom, in shares of the picture."
    )


class FullIncident(LeanIncident):
    """An incident with all that is known of it."""

    evidence: list[dict[str, Any]] = Field(description="Event JSON of what made it, oldest first.")
    numbers: dict[str, Any] = Field(description="What the rule measured.")
    timeline: list[TimelineEntry] = Field(description="What was done to it, oldest first.")
    timeline_dropped: int = Field(description="How many older entries the timeline no longer holds.")
    speaks_for: list[str] = Field(description="Ids of the incidents that were folded under it; at most 100.")
    members: list[MemberAlert] = Field(description="Its alerts where it has several: the first, and the latest 100.")
    pictures: list[IncidentPicture] = Field(description="What its evidence carries, newest first; at most 6.")


class IncidentList(BaseModel):
    """Incidents, the latest raised first."""

    incidents: list[LeanIncident]
    total: int = Field(description="How many there are.")


class AssetProperties(BaseModel):
    """What is known of an asset besides its place."""

    id: str = Field(examples=["cam-17"])
    kind: Kind
    name: str = Field(description="What people call it; its id where it is not registered.")
    area: str | None
    site: str | None
    registered: bool = Field(description="Whether the registry has it, or it only spoke.")
    mobile: bool = Field(description="Whether its place is its last event's.")
    simulated: bool
    status: AssetStatus
    at: Milliseconds | None = Field(description="When it last spoke; null where it never did.")
    codec: str | None = Field(description="What read its last message.")
    values: dict[str, float | int | bool | str] = Field(
        description="Its latest values by quantity, in the units of /api/quantities.", examples=[{"pm25": 41.5}]
    )


class AssetItem(AssetProperties):
    """An asset with its place."""

    lat: float | None
    lon: float | None


class Point(BaseModel):
    """A place, as GeoJSON writes it."""

    type: Literal["Point"]
    coordinates: tuple[float, float] = Field(description="Longitude, latitude.", examples=[[108.4583, 11.9404]])


class AssetFeature(BaseModel):
    """An asset as GeoJSON."""

    type: Literal["Feature"]
    id: str
    geometry: Point | None = Field(description="null where no place is known.")
    properties: AssetProperties


class AssetCollection(BaseModel):
    """All assets as GeoJSON."""

    type: Literal["FeatureCollection"]
    features: list[AssetFeature]


class AreaItem(BaseModel):
    """A node of the tree province → commune → …."""

    id: str
    title: Title
    level: str = Field(examples=["ward"])
    parent: str | None


class Basemap(BaseModel):
    """What lies under the map."""

    kind: Literal["pmtiles", "style"]
    url: str
    optional: bool = Field(description="Whether the page falls back to its plain map without complaint.")


class GeoJson(BaseModel):
    """A GeoJSON FeatureCollection."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class CityView(BaseModel):
    """The city itself."""

    id: str = Field(examples=["da-lat"])
    title: Title
    timezone: str = Field(examples=["Asia/Ho_Chi_Minh"])
    bounds: tuple[float, float, float, float] = Field(description="West, south, east, north, degrees.")
    areas: GeoJson = Field(description="Shapes of the areas; properties id, title, level, parent.")
    area_tree: list[AreaItem] = Field(description="All areas, larger ones before smaller ones.")
    sketch: GeoJson = Field(description="Water, parks, roads and places; properties layer, name, class.")
    basemap: Basemap | None
    demo: bool = Field(description="Whether the city is a pretended one.")


class QuantityView(BaseModel):
    """A quantity that the city knows."""

    type: Literal["number", "integer", "boolean", "text"]
    unit: str | None = Field(examples=["µg/m³"])
    title: Title


class HealthMessageView(BaseModel):
    """One thing that is wrong."""

    severity: Severity
    vi: str
    en: str


class Blindness(BaseModel):
    """A city that has sent nothing for a minute: what it looks like is not how it is."""

    since: Milliseconds | None = Field(description="When it last sent anything; null where it never did.")


class HealthView(BaseModel):
    """How the program is."""

    state: Literal["ok", "degraded"]
    now: Milliseconds
    processes: dict[str, dict[str, str | float]] = Field(
        description="What each process last said of itself; nothing for one that has fallen silent."
    )
    messages: list[HealthMessageView]
    blind: Blindness | None = Field(description="null while the city speaks.")


class DeviceItem(BaseModel):
    """A device as the list shows it."""

    id: str = Field(examples=["cam-17"])
    name: str = Field(description="What people call it; its id where it is not registered.")
    kind: Kind
    codec: str | None = Field(description="What read its last event.")
    area: str | None
    site: str | None
    lat: float | None
    lon: float | None
    registered: bool = Field(description="Whether the registry has it, or it only spoke.")
    simulated: bool
    status: DeviceStatus = Field(
        description="offline: it, or who watches it, said so; silent: it has missed five of its usual turns, "
        "and 2 minutes at least; never: not heard yet."
    )
    last_event_at: Milliseconds | None = Field(description="When its last event arrived.")
    events_per_minute: float = Field(description="Over the last five minutes.")
    last_hour: list[int] = Field(description="Events in each of the last twelve five minutes, oldest first.")
    gaps: int = Field(description="How many of its numbered messages never arrived.")


class DeviceList(BaseModel):
    """One page of devices."""

    devices: list[DeviceItem]
    total: int = Field(description="How many fit all filters.")
    by_status: dict[DeviceStatus, int] = Field(description="How many fit the other filters, by status.")
    known: int = Field(description="How many devices there are.")
    codecs: list[str] = Field(description="The codecs that have read anything of them.")
    now: Milliseconds


class GapItem(BaseModel):
    """Messages of one run of a device that never arrived."""

    boot: str = Field(description="The run of the device that numbered them.")
    first: int = Field(description="The first number that is missing.")
    last: int = Field(description="The last number that is missing.")
    count: int
    at: Milliseconds = Field(description="When it was noticed.")


class RejectedGroup(BaseModel):
    """Messages of one topic that could not be read for one reason."""

    topic: str
    reason: str = Field(description="A sentence for a person.")
    codec: str | None = Field(description="Which codec refused them; null where none took them.")
    count: int = Field(description="How many are kept.")
    first_at: Milliseconds = Field(description="When the oldest of these arrived.")
    last_at: Milliseconds
    size: int = Field(description="Bytes of the newest one's payload.")
    text: str | None = Field(description="The start of the newest one's payload; null where it is not text.")
    start: str = Field(description="The same as base64; at most 512 bytes are kept.")


class DeviceDetails(DeviceItem):
    """A device with the latest that it said, and what went wrong with it."""

    values: dict[str, float | int | bool | str]
    missing: list[GapItem] = Field(description="The latest 50 gaps in its numbers, newest first.")
    rejected: list[RejectedGroup] = Field(description="What could not be read of topics that name it, newest first.")


class RejectedList(BaseModel):
    """What could not be read."""

    groups: list[RejectedGroup]
    total: int = Field(description="How many groups fit.")
    messages: int = Field(description="How many messages these groups stand for.")
    kept: int = Field(description="How many rejected messages are kept in all; the oldest go first.")
    codecs: list[str] = Field(description="The codecs that refused any; an empty name for messages that none took.")
    now: Milliseconds


class Delivered(BaseModel):
    """That a report is kept."""

    kept: Literal[True]
    position: str = Field(description="Where it stands in the inbox.", examples=["1795309200000-0"])


class CodecTrialRequest(BaseModel):
    """A message to try codecs on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"topic": "hall/heat-7", "payload": '{"t": 215}', "codec": None}]},
    )

    topic: str = Field(min_length=1, max_length=1_024, description="The topic it came on.")
    payload: str = Field(max_length=65_536, description="What it held.")
    encoding: Literal["text", "base64"] = Field(default="text", description="How `payload` is written here.")
    retained: bool = Field(default=False, description="Whether the broker had kept it from before.")
    codec: str | None = Field(
        default=None, max_length=32_768, description="A codec as YAML, tried before the installed ones."
    )


class CodecTrial(BaseModel):
    """What codecs made of a message; `ioc codec try` prints the same."""

    topic: str
    payload: dict[str, Any] = Field(description="`size`, and the start as `text` or as `hex`.")
    verdict: Literal["read", "ignored", "refused", "unknown"] = Field(
        description="unknown: no codec takes such a message; refused: one does, and cannot read it."
    )
    codec: str | None = Field(description="Which took it.")
    message: str | None = Field(description="Which of the codec's messages it is.")
    reason: str | None = Field(description="Why it was refused or ignored.")
    tried: list[dict[str, Any]] = Field(
        description="What was tried, in order, up to what took it: `codec`, `message`, `place`, `topic`, `captures`, "
        "`verdict`, `reason`, `payload`, `when`, `each`, `fields`, `problems`."
    )
    nearest: list[dict[str, Any]] = Field(
        description="Where none took it, which came nearest: `codec`, `message`, `topic`, and `reasons` why not."
    )
    events: list[dict[str, Any]] = Field(description="Event JSON of what came of it.")
    rejected: list[dict[str, Any]] = Field(description="What of it could not be read, each with a `reason`.")
