"""What is told of what is followed, as findings."""

from typing import Any, Final

from ingest.vision.finding import Finding, Phase, PictureClass, written_box
from ingest.vision.tracking.track import Sort, Track
from ingest.vision.watching.counts import Presence
from ingest.vision.watching.zones import Dwell
from ioc.model.cameras import Way
from ioc.model.instant import Instant

PICTURES: Final = {
    Sort.PERSON: PictureClass.PERSON,
    Sort.VEHICLE: PictureClass.VEHICLE,
    Sort.OTHER: PictureClass.SCENE,
}


def seen_finding(at: Instant, track: Track, phase: Phase, zones: tuple[str, ...] | None) -> Finding:
    """Tell that something came into sight, is still there, or is gone.

    Args:
        at: when that came to be known.
        track: what it is.
        phase: new, update or end.
        zones: those that it is in; None where the camera has none.
    """
    values = _described(track, phase)
    values["top_score"] = round(track.top_score, 3)
    if zones is not None:
        values["zones"] = ",".join(zones)
    if phase is Phase.END:
        values["age"] = round(track.age_s, 1)
    picture = PICTURES[track.sort] if phase is Phase.NEW else None
    return Finding(at, values, zones[0] if zones else None, picture)


def crossing_finding(at: Instant, track: Track, line: str, way: Way, *, forbidden: bool) -> Finding:
    """Tell that something crossed a line."""
    values = _described(track, Phase.UPDATE)
    values |= {"event": "crossing", "line": line, "direction": str(way), "forbidden": forbidden}
    return Finding(at, values, None, PICTURES[track.sort])


def dwell_finding(at: Instant, dwell: Dwell, zone: str) -> Finding:
    """Tell that something has been in a zone for too long, or, after that, that it has left.

    Neither is of the phase `new`: what is new with a camera is told once, by `seen_finding`.
    """
    phase = Phase.END if dwell.over else Phase.UPDATE
    values = _described(dwell.track, phase)
    values |= {"event": "dwell", "event_key": f"{dwell.track.id}:{zone}", "dwell": round(dwell.seconds, 1)}
    return Finding(at, values, zone, None if dwell.over else PICTURES[dwell.track.sort])


def count_finding(at: Instant, there: Presence, zone: str | None) -> Finding:
    """Tell how many are in a zone, or in the whole picture where none is named."""
    values: dict[str, Any] = {
        "event": "count",
        "count_person": there.people,
        "count_vehicle": there.vehicles,
        "count_all": there.everything,
    }
    return Finding(at, values, zone)


def density_finding(at: Instant, share: float, people: int, zone: str) -> Finding:
    """Tell which share of a zone people cover, 0 to 1, and how many they are."""
    return Finding(at, {"event": "density", "crowd_density": round(100 * share, 1), "count_person": people}, zone)


def _described(track: Track, phase: Phase) -> dict[str, Any]:
    return {
        "label": track.label,
        "score": round(track.score, 3),
        "track": track.id,
        "event_key": track.id,
        "box": written_box(track.box),
        "phase": str(phase),
    }
