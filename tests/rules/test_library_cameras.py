"""The shipped rules together: one thing that a camera sees is told of once, whichever rules could speak of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.vision.camera import Camera
from ingest.vision.frame import Box, Detection
from ingest.vision.watching.watch import Watch
from ioc.model.cameras import Geometry, Line, Way, Zone
from ioc.model.instant import MILLISECOND, SECOND
from ioc.model.quantities import Catalogue
from rules.book import RuleBook, read_book
from rules.expressions import scope_of
from rules.settings import RulesSettings
from rules.timelines import Timeline, read_timelines, run_timeline

LIBRARY = Path(RulesSettings().rules_dir)
START = 1_790_000_000 * SECOND


@pytest.fixture(scope="module")
def book(catalogue: Catalogue) -> RuleBook:
    return read_book(LIBRARY, scope_of(catalogue, "Asia/Ho_Chi_Minh"))


def of_cameras(book: RuleBook, catalogue: Catalogue) -> list[Timeline]:
    return [each for each in read_timelines(LIBRARY, book, catalogue) if "cameras.test.yaml" in each.where]


def test_no_other_shipped_rule_fires_where_a_rule_of_cameras_does(book: RuleBook, catalogue: Catalogue) -> None:
    """A timeline looks at the rules it names only; here each of them is judged by all that ship."""
    everything = frozenset(rule.name for rule in book.rules)
    timelines = of_cameras(book, catalogue)
    assert len(timelines) >= 14
    complaints = [
        line
        for timeline in timelines
        for line in run_timeline(replace(timeline, rules=everything), book, catalogue).complaints
    ]
    assert complaints == []


CAMERA = Camera(
    "cam-1",
    "usb:0",
    geometry=Geometry(
        zones=(Zone("square", ((0.0, 0.2), (1.0, 0.2), (1.0, 1.0), (0.0, 1.0)), dwell_s=30.0),),
        lines=(Line("one-way", (0.5, 0.1), (0.5, 0.9), Way.IN),),
    ),
)


def told(seconds: int, place: Any) -> list[dict[str, Any]]:
    """What a watch tells of somebody who is at `place(second)`, as events of a timeline."""
    watch, events = Watch(CAMERA, "b"), []
    for step in range(seconds * 5):
        at = START + step * 200 * MILLISECOND
        x = place(step / 5)
        seen = [] if x is None else [Detection("person", 0.7, Box(x - 0.03, 0.4, x + 0.03, 0.7))]
        events += [(at, finding) for finding in watch.look(at, seen)]
    return [
        {
            "at": f"{(at - START) // MILLISECOND} ms",
            "kind": "camera",
            "asset": CAMERA.id,
            **({"zone": finding.zone} if finding.zone is not None else {}),
            "values": dict(finding.values),
        }
        for at, finding in events
    ]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        # To the left, from the right hand side of the picture: the forbidden way.
        (lambda s: 0.9 - 0.05 * s if s < 16 else None, {"forbidden-crossing": 1}),
        (lambda s: 0.1 + 0.05 * s if s < 16 else None, {}),
        (lambda s: 0.8 if s < 60 else None, {"too-long-in-zone": 1}),
    ],
    ids=["the forbidden way", "the way that is allowed", "waits too long"],
)
def test_one_person_is_one_alert_of_the_rule_that_is_meant(
    tmp_path: Path, book: RuleBook, catalogue: Catalogue, place: Any, expected: dict[str, int]
) -> None:
    rules = sorted(rule.name for rule in book.rules)
    file = tmp_path / "story.test.yaml"
    story = {"test": "a story", "events": told(90, place), "until": "10 min", "rules": rules, "expect": []}
    file.write_text(yaml.safe_dump([story], allow_unicode=True), "utf-8")
    (timeline,) = read_timelines(tmp_path, book, catalogue)
    raised = [line.split(" for ")[0].split()[0] for line in run_timeline(timeline, book, catalogue).complaints]
    assert {name: raised.count(name) for name in raised} == expected
