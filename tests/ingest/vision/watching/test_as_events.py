"""What is told of a scene is understood by the program's own codec, value for value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.codecs.registry import load_codecs
from ingest.reader import Reader
from ingest.vision.camera import Camera
from ingest.vision.telling import Teller
from ioc.model.cameras import Geometry, Line, Way, Zone
from ioc.model.events import RawMessage
from ioc.store.catalogue import load_catalogue

if TYPE_CHECKING:
    from conftest import Scene


def test_every_event_is_read_without_loss(scene: type[Scene]):
    zone = Zone("gate", ((0.4, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0)), dwell_s=2.0, density=True)
    here = scene(Geometry(zones=(zone,), lines=(Line("door", (0.5, 1.0), (0.5, 0.0), Way.IN),)))
    here.look([[here.standing(0.45, 0.9, "car")]] * 20)
    here.walk((0.2, 0.5), (0.8, 0.5), (0.2, 0.5), seconds=9)
    here.told += here.watch.close(here.at)
    assert {str(each.values.get("event")) for each in here.told} == {"None", "count", "crossing", "density", "dwell"}
    catalogue = load_catalogue()
    reader = Reader(load_codecs(catalogue=catalogue), catalogue)
    teller = Teller("a")
    for finding in here.told:
        message = teller.event(Camera("gate", "file:/gate"), finding, None)
        events, rejected = reader.read(RawMessage(message.topic, message.payload, finding.at))
        assert not rejected
        assert len(events) == 1
        assert events[0].zone == finding.zone
        assert events[0].at == finding.at // 1000 * 1000
        assert {name: value for name, value in events[0].values.items() if name in finding.values} == finding.values
