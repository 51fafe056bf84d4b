"""A slice of a real clip: the people of its ground truth, disturbed as a detector disturbs them, are followed well."""

import random
from pathlib import Path

import pets09_tracks

from ingest.vision.frame import Box, Detection
from ingest.vision.tracking.tracker import Tracker
from ioc.model.instant import SECOND

FRAMES = slice(200, 400)


def disturbed(boxes: dict[int, Box], chance: random.Random) -> list[Detection]:
    """Boxes that tremble by a twelfth of their sides, one in eight missed, now and then one that is not there."""
    found = []
    for box in boxes.values():
        width, height = box.right - box.left, box.bottom - box.top
        moved = (side + chance.gauss(0, size / 12) for side, size in zip(box, (width, height) * 2, strict=True))
        if chance.random() > 0.125:
            found.append(Detection("person", chance.uniform(0.42, 0.9), Box(*moved)))
    if chance.random() < 0.2:
        x, y = chance.random(), chance.random()
        found.append(Detection("person", chance.uniform(0.42, 0.7), Box(x, y, x + 0.05, y + 0.13)))
    return found


def test_people_of_a_real_clip_are_followed(shared: Path):
    truth = pets09_tracks.people(shared / "video" / "pets09")[FRAMES]
    chance = random.Random(1)
    tracker = Tracker("a")
    followed = []
    for number, boxes in enumerate(truth):
        at = SECOND + number * SECOND // pets09_tracks.RATE
        tracker.look(at, disturbed(boxes, chance))
        followed.append({track.id: track.box for track in tracker.present() if track.seen == at})
    score = pets09_tracks.scored(truth, followed)
    assert score["mota"] >= 0.75
    assert score["idf1"] >= 0.8
