"""What stands still is left behind only where nobody is seen there."""

from ingest.vision.finding import Finding, PictureClass
from ingest.vision.frame import Box
from ingest.vision.left_behind import LeftBehind

PERSON = ("person", Box(0.4, 0.2, 0.5, 0.8))


def left(phase: str, box: str = "0.420,0.300,0.480,0.700", key: str = "k", at: int = 1) -> Finding:
    values = {"label": "abandoned_object", "phase": phase, "event_key": key, "box": box}
    return Finding(at, values, picture=PictureClass.SCENE if phase == "new" else None)


def phases(findings: list[Finding]) -> list[object]:
    return [finding.values["phase"] for finding in findings]


def test_somebody_who_stands_still_is_no_thing_and_leaves_none() -> None:
    judge = LeftBehind()
    assert judge.judge([left("new")], [PERSON]) == []
    assert judge.judge([left("update")], [PERSON]) == []


def test_what_stays_when_they_have_gone_is_told_as_new_and_ended_once() -> None:
    judge = LeftBehind()
    assert judge.judge([left("new")], [PERSON]) == []
    assert phases(judge.judge([left("update")], [])) == ["new"]
    assert phases(judge.judge([left("update")], [PERSON])) == ["update"], "who stands before it does not take it away"
    assert phases(judge.judge([left("end")], [])) == ["end"]


def test_a_bag_beside_somebody_is_told() -> None:
    beside = left("new", box="0.520,0.600,0.560,0.700")
    assert LeftBehind().judge([beside], [PERSON]) == [beside]


def test_everything_else_passes_as_it_is() -> None:
    other = [Finding(1, {"label": "person", "phase": "new"}), Finding(1, {"event": "count"})]
    assert LeftBehind().judge(other, [PERSON]) == other


def test_a_dog_or_a_moving_thing_excuses_nothing() -> None:
    assert phases(LeftBehind().judge([left("new")], [("moving", PERSON[1])])) == ["new"]
