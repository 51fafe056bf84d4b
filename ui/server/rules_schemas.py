"""The forms of what authors of rules ask and are answered, as OpenAPI shows them; answers are written without them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from ui.server.schemas import ErrorBody, Milliseconds, Title, Who, plain_text

TEXT_BOUND = 65_536
"""Characters of a rule at most; the bound on bodies is hardly larger."""

LATEST = 4_102_444_800_000
"""Milliseconds: the year 2100, after which a time is taken for one in another unit."""

RuleText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=TEXT_BOUND),
    # What other systems write at the end of a line is no mistake.
    AfterValidator(lambda text: plain_text(text.replace("\r\n", "\n"))),
    Field(description="YAML."),
]
Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2_000),
    AfterValidator(plain_text),
    Field(description="Why, in the author's words."),
]
Asked = Annotated[int, Field(ge=0, le=LATEST, description="Milliseconds since 1970-01-01T00:00:00Z.")]
Version = Annotated[str, Field(min_length=1, max_length=128, description="The rule's hash.", examples=["5f2c7a90d1e8"])]

EXAMPLE = """- rule: air-hazard
  from: sensor
  threshold: {raise: pm25 > 150, for: 60 s}
"""


class RuleDraft(BaseModel):
    """A rule that is being written."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": EXAMPLE}]})

    text: RuleText


class WhatIfRequest(BaseModel):
    """A rule, and the time over which it is to be tried."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": EXAMPLE, "since": 1795237200000, "until": 1795323600000}]},
    )

    text: RuleText
    since: Asked
    until: Asked


class WhyRequest(BaseModel):
    """A rule by its text or its name, and a time; where, by a key or a place."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "air-hazard", "key": "air-3", "at": 1795323600000}]},
    )

    text: RuleText | None = None
    name: str | None = Field(default=None, min_length=1, max_length=64, description="A rule in force.")
    key: Annotated[str, AfterValidator(plain_text)] | None = Field(
        default=None, min_length=1, max_length=1_024, description="What the rule holds for."
    )
    lat: float | None = Field(default=None, ge=-90, le=90, description="WGS 84 degrees.")
    lon: float | None = Field(default=None, ge=-180, le=180, description="WGS 84 degrees.")
    at: Asked


class PublishRequest(BaseModel):
    """A rule that is to be in force."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": EXAMPLE, "author": "Lan", "note": "Quieter at night.", "expected": "5f2c7a90d1e8"}]
        },
    )

    text: RuleText
    author: Who = Field(description="Who publishes it.")
    note: Note = ""
    shadow: bool = Field(default=False, description="Whether it runs beside what is in force, seen by authors only.")
    expected: Version | None = Field(default=None, description="The version it was made from; null for a new rule.")


class RestoreRequest(BaseModel):
    """A version that is to be in force again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"version": "5f2c7a90d1e8", "author": "Lan", "note": "Too many alerts."}]},
    )

    version: Version
    author: Who = Field(description="Who restores it.")
    note: Note = ""


class StopShadowRequest(BaseModel):
    """Who ends a shadow."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"author": "Lan"}]})

    author: Who = Field(description="Who ends it.")


class Mistake(BaseModel):
    """What is wrong with a rule, and where."""

    line: int | None = Field(description="From 1.")
    column: int | None = Field(description="From 1.")
    sentence: str


class FailedTimeline(BaseModel):
    """A timeline of the rule that no longer holds."""

    name: str
    complaints: list[str]


class RuleErrorBody(ErrorBody):
    """The body of a refusal that is about the rule's text."""

    mistakes: list[Mistake] = Field(default=[], description="What is wrong with the text.")
    timelines: list[FailedTimeline] = Field(default=[], description="Which of the rule's own timelines fail.")


class Shadow(BaseModel):
    """A version that runs beside the one in force."""

    version: str
    alerts_24h: int


class RuleItem(BaseModel):
    """A rule as the list shows it."""

    model_config = ConfigDict(populate_by_name=True)

    name: str = Field(examples=["air-hazard"])
    kind: str = Field(description="What it watches for.", examples=["threshold"])
    title: Title
    severity: str
    state: Literal["running", "shadow", "broken"]
    version: str | None
    author: str | None = Field(description="Who published this version; null where a file has it.")
    at: Milliseconds | None = Field(description="Since when it holds.")
    note: str | None
    source: Literal["file", "page", "restored", "removed"]
    from_: list[str] = Field(alias="from", description="The kinds of events it watches.")
    alerts_24h: int
    firing: int = Field(description="For how many keys it holds now.")
    shadow: Shadow | None
    mistakes: list[Mistake]


class BookState(BaseModel):
    """All rules together."""

    version: str | None
    error: str | None = Field(description="Why the last change was not taken; the rules before it stay in force.")


class HistoryExtent(BaseModel):
    """What past there is to try rules on."""

    since: Milliseconds | None
    until: Milliseconds | None
    events: int


class RuleList(BaseModel):
    """The rules in force, those that cannot be read, and the history."""

    rules: list[RuleItem]
    book: BookState
    history: HistoryExtent


class TimelineState(BaseModel):
    """A timeline of a rule: events at times, and the alerts that they must raise."""

    name: str
    where: str
    ok: bool
    complaints: list[str]


class RuleDetails(RuleItem):
    """A rule with its text."""

    text: str
    timelines: list[TimelineState]
    used_by: list[str] = Field(description="Rules that name it.")


class RuleWords(BaseModel):
    """What may stand in a rule, for completion."""

    kinds: list[str] = Field(description="What a rule can watch for.")
    sources: list[str] = Field(description="The kinds of events that a rule can take.")
    rule_keys: dict[str, list[str]] = Field(description="The keys of each kind of rule.")
    quantities: dict[str, dict[str, Any]] = Field(description="By name: `unit`, `type`, `title`.")
    functions: list[dict[str, Any]] = Field(description="Each with `name`, `takes`, `gives`, `help`.")
    columns: Any = Field(description="What every event has.")
    severities: list[str]
    zones: list[Any]
    sites: list[Any]
    areas: list[Any]


class RuleNumber(BaseModel):
    """A number in a rule that can be changed by hand, and where it stands."""

    param: str = Field(examples=["threshold.raise"])
    value: float
    operator: str | None = Field(examples=[">"])
    unit: str | None
    line: int
    column: int
    end_column: int


class ReadRule(BaseModel):
    """A rule as it was read."""

    name: str
    kind: str
    quantity: str | None = Field(description="What its threshold is about.", examples=["pm25"])
    unit: str | None
    numbers: list[RuleNumber]


class Checked(BaseModel):
    """What reading a rule came to."""

    ok: bool
    mistakes: list[Mistake]
    rules: list[ReadRule]


class Span(BaseModel):
    """When an alert held."""

    raised_at: Milliseconds
    cleared_at: Milliseconds | None


class TriedAlert(Span):
    """An alert that the rule would have raised, or no longer would."""

    change: Literal["same", "added", "gone", "moved"] = Field(description="Against the rule of that name in force.")
    key: str
    name: str = Field(description="What people call it.")
    asset: str | None
    lat: float | None
    lon: float | None
    was: Span | None = Field(description="When the rule in force had it, where that differs.")
    numbers: dict[str, Any]


class Load(BaseModel):
    """What operators would have had to do, by the measures of ISA-18.2 and EEMUA 191."""

    alerts: int
    incidents: int
    per_hour: float = Field(description="Incidents per hour on average.")
    peak_10_min: int = Field(description="Incidents in the worst 10 minutes.")
    floods: int = Field(description="How often more than 10 came within 10 minutes.")
    share_of_flood_time: float = Field(description="0 to 1.")


class ByTime(BaseModel):
    """Alerts by time, before and after."""

    start: Milliseconds
    step_ms: Milliseconds
    before: list[int]
    after: list[int]


class HistogramLine(BaseModel):
    """A threshold in a histogram."""

    param: str
    value: float
    operator: str


class Histogram(BaseModel):
    """How often the quantity had which value."""

    quantity: str
    unit: str | None
    edges: list[float] = Field(description="One more than counts.")
    counts: list[int]
    lines: list[HistogramLine]


class WhatIf(BaseModel):
    """What a rule would have done."""

    since: Milliseconds
    until: Milliseconds
    events: int = Field(description="How many were looked at.")
    took_ms: float
    took: dict[str, float] = Field(description="Of that, seconds to read and to run: `read_s`, `engine_s`.")
    rule: str
    alerts: list[TriedAlert] = Field(description="At most 5,000; the rest is only counted.")
    counts: dict[Literal["same", "added", "gone", "moved"], int]
    before: Load
    after: Load
    by_hour: ByTime
    histogram: Histogram | None = Field(description="null where the rule compares no quantity with a number.")
    complaints: list[str] = Field(description="What was left out, such as a damaged file.")


class WhatIfProblem(BaseModel):
    """Why there is no result."""

    what: str
    where: str
    expected: str
    mistakes: list[Mistake] = []


class WhatIfLine(BaseModel):
    """One line of the answer: progress, and at the end a result or a problem."""

    progress: float | None = Field(default=None, description="0 to 1.")
    doing: Title | None = None
    result: WhatIf | None = None
    problem: WhatIfProblem | None = None


class Nearest(BaseModel):
    """How near a condition came."""

    value: float | None
    limit: float | None
    unit: str | None
    at: Milliseconds | None


class ConditionState(BaseModel):
    """One condition of a rule at the time in question."""

    text: str = Field(examples=["pm25 > 150"])
    holds: bool | None = Field(description="null where it cannot be known.")
    sentence: Title
    nearest: Nearest | None


class WhyAnswer(BaseModel):
    """Why a rule fired, or did not."""

    rule: str
    key: str | None
    at: Milliseconds
    fired: bool
    sentence: Title
    conditions: list[ConditionState]
    events: list[dict[str, Any]] = Field(description="Event JSON of the last ones before.")
    near: list[str] = Field(description="Keys to choose from, the nearest first.")


class Published(BaseModel):
    """What is in force now."""

    name: str
    version: str | None


class RuleVersionItem(BaseModel):
    """A version of a rule."""

    version: str
    author: str | None
    at: Milliseconds | None
    note: str | None
    source: Literal["file", "page", "restored", "removed"]
    shadow: bool
    current: bool
    text: str
    diff: str = Field(description="Against the version before, unified.")


class RuleVersions(BaseModel):
    """The versions of a rule, newest first."""

    versions: list[RuleVersionItem]


class ShadowAlert(Span):
    """An alert that only authors see."""

    rule: str
    version: str
    key: str
    name: str
    lat: float | None
    lon: float | None
    numbers: dict[str, Any]


class ShadowAlerts(BaseModel):
    """The latest alerts of shadow rules, newest first."""

    alerts: list[ShadowAlert]
