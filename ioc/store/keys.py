"""Every key that the program uses in Redis; those of one partition share a hash tag."""

from typing import Final

PREFIX: Final = "ioc:"


def events(partition: int = 0) -> str:
    """Name the stream of event batches."""
    return f"ioc:{{{partition}}}:events"


def given_up(partition: int = 0) -> str:
    """Name the hash that counts what was forgotten of the stream before the history had it."""
    return f"ioc:{{{partition}}}:given-up"


def inbox(partition: int = 0) -> str:
    """Name the stream of messages that came over HTTP and wait for ingest."""
    return f"ioc:{{{partition}}}:inbox"


def inbox_bytes(partition: int = 0) -> str:
    """Name the counter of the bytes that wait there."""
    return f"ioc:{{{partition}}}:inbox:bytes"


def checkpoint(partition: int = 0) -> str:
    """Name the hash that holds the rules' state and stream position."""
    return f"ioc:{{{partition}}}:checkpoint"


def lease(partition: int = 0) -> str:
    """Name the key that says which process owns the partition."""
    return f"ioc:{{{partition}}}:lease"


def fence(partition: int = 0) -> str:
    """Name the counter that hands out fencing tokens."""
    return f"ioc:{{{partition}}}:fence"


def generation(writer: str, partition: int = 0) -> str:
    """Name the counter of the processes that have written to the stream under one name."""
    return f"ioc:{{{partition}}}:generation:{writer}"


def writer(name: str, partition: int = 0) -> str:
    """Name the hash that holds a writer's last entry in the stream."""
    return f"ioc:{{{partition}}}:writer:{name}"


def gaps(partition: int = 0) -> str:
    """Name the sorted set of the latest gaps in what devices sent."""
    return f"ioc:{{{partition}}}:gaps"


def gap_counts(partition: int = 0) -> str:
    """Name the hash that counts, by asset, the messages that never came."""
    return f"ioc:{{{partition}}}:gap-counts"


def memory(writer: str, partition: int = 0) -> str:
    """Name the hash of what a writer of the stream wants to know again after a restart."""
    return f"ioc:{{{partition}}}:memory:{writer}"


def asset_states(partition: int = 0) -> str:
    """Name the hash that holds the last known state of every asset, one Arrow blob with its position."""
    return f"ioc:{{{partition}}}:assets"


def asset(asset_id: str) -> str:
    """Name the registry's hash of one asset."""
    return f"ioc:asset:{asset_id}"


def incident(incident_id: str) -> str:
    """Name the hash of one incident."""
    return f"ioc:incident:{incident_id}"


def incident_timeline(incident_id: str) -> str:
    """Name the list of what was done to one incident, oldest first."""
    return f"ioc:incident:{incident_id}:timeline"


def incident_alerts(incident_id: str) -> str:
    """Name the list of the alerts of an incident that has several, in the order in which they came."""
    return f"ioc:incident:{incident_id}:alerts"


def incident_speaks_for(incident_id: str) -> str:
    """Name the sorted set of the incidents that were folded under one."""
    return f"ioc:incident:{incident_id}:speaks-for"


def raised(hour: str) -> str:
    """Name the hash that counts, by rule, the alerts raised in an hour such as 2026-01-05T08; it expires."""
    return f"ioc:raised:{hour}"


def command(idempotency_key: str) -> str:
    """Name the key that remembers a person's command, so that a repeated one is carried out once."""
    return f"ioc:command:{idempotency_key}"


def alert(alert_id: str) -> str:
    """Name the hash of one alert."""
    return f"ioc:alert:{alert_id}"


def health(process: str) -> str:
    """Name the hash in which a process says how it is; it expires when the process is silent."""
    return f"ioc:health:{process}"


def camera_drawings(camera: str) -> str:
    """Name the list of what was drawn on a camera's picture, newest first."""
    return f"ioc:{{cameras}}:drawings:{camera}"


def camera_counts(camera: str, day: str) -> str:
    """Name the hash of what a camera counted on a day of UTC such as 2026-01-05; it expires."""
    return f"ioc:camera-counts:{camera}:{day}"


def daily_key(day: str) -> str:
    """Name the secret with which a day's personal addresses are hashed; it expires."""
    return f"ioc:daily-key:{day}"


def rule_versions(rule: str) -> str:
    """Name the list of the versions of one rule, newest first."""
    return f"ioc:{{rules}}:versions:{rule}"


ASSET_IDS: Final = "ioc:assets"
ASSETS_VERSION: Final = "ioc:assets:version"
INCIDENTS_OPEN: Final = "ioc:incidents:open"
INCIDENTS_RECENT: Final = "ioc:incidents:recent"
INCIDENTS_LOG: Final = "ioc:incidents:log"
RAISED_LATEST: Final = "ioc:raised:latest"
REJECTED: Final = "ioc:rejected"
COUNTERS: Final = "ioc:counters"
PROCESSES: Final = "ioc:processes"
GENESIS: Final = "ioc:genesis"
CITY: Final = "ioc:city"
CAMERAS: Final = "ioc:cameras"
CAMERAS_WATCHED: Final = "ioc:cameras:watched"
CAMERA_DRAWINGS: Final = "ioc:{cameras}:drawings"
CAMERA_DRAWINGS_REVISION: Final = "ioc:{cameras}:drawings:revision"
AUDIT: Final = "ioc:{audit}:log"
AUDIT_HEAD: Final = "ioc:{audit}:head"
RULES_CURRENT: Final = "ioc:{rules}:current"
RULES_SHADOWS: Final = "ioc:{rules}:shadows"
RULES_FILES: Final = "ioc:{rules}:files"
RULES_REVISION: Final = "ioc:{rules}:revision"
SHADOW_ALERTS: Final = "ioc:{rules}:shadow-alerts"
SHADOW_ALERTS_BY_TIME: Final = "ioc:{rules}:shadow-alerts:by-time"
