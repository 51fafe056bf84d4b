"""What /metrics tells, metric by metric: when it moves, and what to do about it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ioc.model.assets import AssetStatus
from ioc.model.instant import Instant
from ui.server.cameras import KnownCameras, is_silent
from ui.server.guard import Requests
from ui.server.health import Board
from ui.server.hub import Hub
from ui.server.world import World


class MetricType(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        help: when it moves, and what to do about it.
        labels: in the order in which samples give them.
        process: the process of the health board whose report it comes from; None where the server knows it.
        field: the field of that report.
        scale: what one of the field's units is in the metric's.
    """

    name: str
    type: MetricType
    help: str
    labels: tuple[str, ...] = ()
    process: str | None = None
    field: str | None = None
    scale: float = 1.0


UP: Final = Metric(
    "ioc_up",
    MetricType.GAUGE,
    "1 while a process says that it is well, else 0: see its log and /api/health.",
    ("process",),
)
STORE_UP: Final = Metric("ioc_store_up", MetricType.GAUGE, "1 while the store answers; at 0 nothing new is shown.")
ASSETS: Final = Metric(
    "ioc_assets", MetricType.GAUGE, "Assets by status; many offline at once is a network, not assets.", ("status",)
)
INCIDENTS: Final = Metric(
    "ioc_incidents",
    MetricType.GAUGE,
    "Open and recently closed incidents; many new ones at once is a flood: look for one cause.",
    ("condition", "work_state"),
)
PAGES: Final = Metric("ioc_live_operators", MetricType.GAUGE, "Pages connected to the websocket.")
MESSAGES: Final = Metric("ioc_live_messages_total", MetricType.COUNTER, "Messages given to connected pages.")
FELL_BEHIND: Final = Metric(
    "ioc_live_operators_fell_behind_total",
    MetricType.COUNTER,
    "Pages closed because they could not keep up; if it grows, look at their network.",
)
TURNED_AWAY: Final = Metric(
    "ioc_live_operators_turned_away_total",
    MetricType.COUNTER,
    "Pages refused because too many were connected; raise ui.max_sockets if they were wanted.",
)
REQUESTS: Final = Metric(
    "ioc_http_requests_total",
    MetricType.COUNTER,
    "Requests answered; 4xx are mistakes of whoever asks, 503 is a store that is away.",
    ("method", "status"),
)
REPORTS: Final = Metric(
    "ioc_webhook_reports_total",
    MetricType.COUNTER,
    "Reports over HTTP; refused ones were malformed, full ones found no room because ingest does not read.",
    ("codec", "source", "outcome"),
)
CAMERAS: Final = Metric(
    "ioc_cameras",
    MetricType.GAUGE,
    "Cameras by state; silent are those that their process no longer tells of: see its log.",
    ("state",),
)
CAMERA_FRAMES: Final = Metric(
    "ioc_camera_frames_total",
    MetricType.COUNTER,
    "Frames since they were first read: came, looked at, skipped for a newer one, refused as not usable; "
    "many skipped mean that the machine is too slow for its cameras.",
    ("camera", "outcome"),
)
CAMERA_OPENED: Final = Metric(
    "ioc_camera_opened_total",
    MetricType.COUNTER,
    "Times that the stream was opened; if it grows, the camera or the way to it breaks off.",
    ("camera",),
)
CAMERA_DELAY: Final = Metric(
    "ioc_camera_delay_seconds",
    MetricType.GAUGE,
    "How long the last frame waited for its look; above 0.3 events come late.",
    ("camera",),
)

REPORTED: Final = (
    Metric(
        "ioc_ingest_messages_total",
        MetricType.COUNTER,
        "Messages taken from the broker.",
        process="ingest",
        field="messages_total",
    ),
    Metric(
        "ioc_ingest_events_total",
        MetricType.COUNTER,
        "Events kept; a city that stands still is blind, not quiet.",
        process="ingest",
        field="events_total",
    ),
    Metric(
        "ioc_ingest_rejected_total",
        MetricType.COUNTER,
        "Messages and values that could not be read; the reasons are kept beside them.",
        process="ingest",
        field="rejected_total",
    ),
    Metric(
        "ioc_ingest_duplicates_total",
        MetricType.COUNTER,
        "Events that came again and were kept once; many mean that acknowledgements get lost.",
        process="ingest",
        field="duplicates_total",
    ),
    Metric(
        "ioc_ingest_gaps_total",
        MetricType.COUNTER,
        "Messages that devices numbered and that never came; /api/devices says whose.",
        process="ingest",
        field="gaps_total",
    ),
    Metric(
        "ioc_ingest_sessions_lost_total",
        MetricType.COUNTER,
        "Times that the broker had forgotten our session, and what it kept for us; look at its persistence.",
        process="ingest",
        field="sessions_lost_total",
    ),
    Metric(
        "ioc_ingest_coalesced_total",
        MetricType.COUNTER,
        "Events of devices that flood, for which others stand with a count; look for a device gone wild.",
        process="ingest",
        field="coalesced_total",
    ),
    Metric(
        "ioc_ingest_backlog",
        MetricType.GAUGE,
        "Messages waiting in ingest; near its queue limit the broker holds the rest.",
        process="ingest",
        field="backlog",
    ),
    Metric(
        "ioc_ingest_last_event_timestamp_seconds",
        MetricType.GAUGE,
        "When the last event arrived, seconds since 1970.",
        process="ingest",
        field="last_event_at",
        scale=0.001,
    ),
    Metric(
        "ioc_rules_lag_seconds",
        MetricType.GAUGE,
        "How far the rules are behind the stream; above 10 incidents come late.",
        process="rules",
        field="lag_s",
    ),
    Metric(
        "ioc_rules_events_total",
        MetricType.COUNTER,
        "Events that the rules have seen since they started.",
        process="rules",
        field="events_total",
    ),
    Metric("ioc_rules_loaded", MetricType.GAUGE, "Rules in force.", process="rules", field="rules_loaded"),
    Metric(
        "ioc_rules_alerts_firing",
        MetricType.GAUGE,
        "Alerts that hold now.",
        process="rules",
        field="alerts_firing",
    ),
    Metric(
        "ioc_camera_events_total",
        MetricType.COUNTER,
        "Events that cameras' video led to and that the broker has.",
        process="cameras",
        field="events_total",
    ),
    Metric(
        "ioc_camera_events_lost_total",
        MetricType.COUNTER,
        "Events given up because the broker was away for too long; look at the broker.",
        process="cameras",
        field="events_lost_total",
    ),
    Metric(
        "ioc_camera_backlog",
        MetricType.GAUGE,
        "Events of cameras that wait for the broker.",
        process="cameras",
        field="backlog",
    ),
    Metric(
        "ioc_camera_crashes_total",
        MetricType.COUNTER,
        "Times that a process which reads or looks at video ended by itself; if it grows, see the log for the stream.",
        process="cameras",
        field="crashes_total",
    ),
    Metric(
        "ioc_camera_pictures_total",
        MetricType.COUNTER,
        "Pictures of events that were kept.",
        process="cameras",
        field="pictures_total",
    ),
    Metric(
        "ioc_camera_faces_total",
        MetricType.COUNTER,
        "Faces that were blurred in pictures.",
        process="cameras",
        field="faces_total",
    ),
    Metric(
        "ioc_camera_pictures_refused_total",
        MetricType.COUNTER,
        "Pictures that were not kept since faces could not be looked for; install the face finder.",
        process="cameras",
        field="pictures_refused_total",
    ),
    Metric(
        "ioc_camera_pictures_failed_total",
        MetricType.COUNTER,
        "Pictures that could not be written; look at the folder and its disk.",
        process="cameras",
        field="pictures_failed_total",
    ),
    Metric(
        "ioc_camera_pictures_spared_total",
        MetricType.COUNTER,
        "Pictures that were not made because too many were asked for at once; their events went out without.",
        process="cameras",
        field="pictures_spared_total",
    ),
    Metric(
        "ioc_history_events_total",
        MetricType.COUNTER,
        "Events written into the history since the rules' process started.",
        process="history",
        field="events_total",
    ),
    Metric(
        "ioc_history_behind_seconds",
        MetricType.GAUGE,
        "How far the history is behind the stream; if it grows, its folder cannot be written.",
        process="history",
        field="behind_s",
    ),
    Metric(
        "ioc_history_given_up_total",
        MetricType.COUNTER,
        "Events that the history lacks since too many waited for it; see history.waiting_mb.",
        process="history",
        field="given_up_total",
    ),
    Metric(
        "ioc_history_damaged_files",
        MetricType.GAUGE,
        "Files of the history that cannot be read; ioc history info names them.",
        process="history",
        field="damaged_files",
    ),
)

METRICS: Final = (
    UP,
    STORE_UP,
    ASSETS,
    INCIDENTS,
    PAGES,
    MESSAGES,
    FELL_BEHIND,
    TURNED_AWAY,
    REQUESTS,
    REPORTS,
    CAMERAS,
    CAMERA_FRAMES,
    CAMERA_OPENED,
    CAMERA_DELAY,
    *REPORTED,
)
"""Every metric there is."""

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Samples = Mapping[tuple[str, ...], float]


def exposition(
    *,
    board: Board,
    store_up: bool,
    hub: Hub,
    requests: Requests,
    reports: Samples,
    cameras: KnownCameras,
    now: Instant,
) -> str:
    """Write all metrics in Prometheus' text format."""
    known: dict[Metric, Samples] = {
        UP: {(name,): float(fields.get("state") == "ok") for name, fields in board.items()},
        STORE_UP: {(): float(store_up)},
        ASSETS: _assets(hub.world),
        INCIDENTS: Counter(
            (str(incident.condition), str(incident.work_state)) for incident in hub.world.incidents.values()
        ),
        PAGES: {(): hub.clients},
        MESSAGES: {(): hub.counts.messages},
        FELL_BEHIND: {(): hub.counts.fell_behind},
        TURNED_AWAY: {(): hub.counts.turned_away},
        REQUESTS: {(method, str(status)): count for (method, status), count in requests.counts.items()},
        REPORTS: reports,
        **_cameras(cameras, now),
    }
    for metric in REPORTED:
        known[metric] = _reported(metric, board)
    return "".join(line + "\n" for metric in METRICS for line in _lines(metric, known[metric]))


def _assets(world: World) -> Samples:
    spoken = Counter(str(state.status) for state in world.states.all())
    silent = sum(world.states.get(asset_id) is None for asset_id in world.assets)
    return {(str(status),): spoken[status] + silent * (status is AssetStatus.UNKNOWN) for status in AssetStatus}


def _cameras(cameras: KnownCameras, now: Instant) -> dict[Metric, Samples]:
    # What nobody tells of any more has no numbers, as a process that is silent has none.
    told = [status for status in cameras.statuses.values() if not is_silent(status, now)]
    return {
        CAMERAS: {(state,): count for state, count in cameras.by_state(now).items()},
        CAMERA_FRAMES: {
            (status.id, outcome): count
            for status in told
            for outcome, count in (
                ("came", status.came),
                ("looked", status.looked),
                ("skipped", status.skipped),
                ("refused", status.refused),
            )
        },
        CAMERA_OPENED: {(status.id,): status.opened for status in told},
        CAMERA_DELAY: {(status.id,): status.delay_ms / 1_000 for status in told},
    }


def _reported(metric: Metric, board: Board) -> Samples:
    fields = board.get(metric.process or "", {})
    try:
        return {(): float(fields[metric.field or ""]) * metric.scale}
    except (KeyError, ValueError):
        return {}


def _lines(metric: Metric, samples: Samples) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.type}"
    for values, number in samples.items():
        yield f"{metric.name}{_labels(metric.labels, values)} {number:.17g}"


def _labels(names: Iterable[str], values: Iterable[str]) -> str:
    pairs = ",".join(
        f'{name}="{_escaped(value).replace(chr(34), chr(92) + chr(34))}"'
        for name, value in zip(names, values, strict=True)
    )
    return f"{{{pairs}}}" if pairs else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")
