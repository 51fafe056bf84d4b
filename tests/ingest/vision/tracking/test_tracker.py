"""What becomes of detections: who is believed, who stays who, who is gone."""

import random
from collections.abc import Sequence

import pytest

from ingest.vision.frame import Box, Detection
from ingest.vision.tracking.track import Sort, sort_of
from ingest.vision.tracking.tracker import MOST, Habits, Tracker
from ioc.model.instant import SECOND


def person(x: float, y: float = 0.4, score: float = 0.8, label: str = "person") -> Detection:
    return Detection(label, score, Box(x, y, x + 0.05, y + 0.15))


def follow(tracker: Tracker, frames: Sequence[Sequence[Detection]], rate: float = 5, start: float = 1) -> list[str]:
    """Look at frames one after another; returns the ids of those that ended."""
    over: list[str] = []
    for number, detections in enumerate(frames):
        over += [track.id for track in tracker.look(int((start + number / rate) * SECOND), detections)]
    return over


def test_what_is_seen_three_times_is_believed_and_keeps_its_name():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1)], [person(0.11)]])
    assert not tracker.present()
    follow(tracker, [[person(0.12)], [person(0.13)], [person(0.14)]], start=1.4)
    assert [track.id for track in tracker.present()] == ["a-1"]
    assert tracker.tracks[0].looks == 5


def test_what_flashes_up_once_is_no_track():
    tracker = Tracker("a")
    assert follow(tracker, [[person(0.1)], [], [person(0.5)], [], []]) == []
    assert tracker.tracks == []


def test_doubtful_detections_go_on_with_a_track_and_begin_none():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1, score=0.45)]] * 5)
    assert tracker.tracks == []
    follow(tracker, [[person(0.1)]] * 3 + [[person(0.1, score=0.45)]] * 20, start=3)
    assert [track.id for track in tracker.present()] == ["a-1"]
    assert tracker.tracks[0].score == 0.45
    assert tracker.tracks[0].top_score == 0.8


@pytest.mark.parametrize("rate", [2, 3.5, 5, 7, 10])
def test_two_who_pass_one_another_stay_who_they_are_at_any_rate(rate: float):
    """A width of the box in 0.7 s, as people walk on a square; at 2 looks a second they step over most of themselves."""
    tracker = Tracker("a")
    frames = []
    for number in range(int(8 * rate)):
        seconds = number / rate
        frames.append([person(0.1 + 0.07 * seconds, 0.40), person(0.66 - 0.07 * seconds, 0.46)])
    follow(tracker, frames[:3], rate)
    first = {track.id: track.box.left for track in tracker.present()}
    follow(tracker, frames[3:], rate, start=1 + 3 / rate)
    last = {track.id: track.box.left for track in tracker.present()}
    assert len(first) == 2
    assert last.keys() == first.keys()
    for name, left in first.items():
        assert (last[name] > left) == (left < 0.4)


@pytest.mark.parametrize("rate", [3, 5, 10])
def test_who_comes_fast_is_followed_from_the_start(rate: float):
    """Five widths of the box a second: a motorcycle; two looks show it in places that do not overlap."""
    tracker = Tracker("a")
    follow(
        tracker, [[person(0.05 + 0.25 * number / rate, label="motorcycle")] for number in range(int(3 * rate))], rate
    )
    assert [track.id for track in tracker.present()] == ["a-1"]
    assert len(tracker.tracks) == 1


def test_who_is_hidden_for_a_second_is_known_again():
    tracker = Tracker("a")
    frames = [[person(0.1 + 0.01 * number)] if not 15 <= number < 20 else [] for number in range(40)]
    assert follow(tracker, frames) == []
    assert [track.id for track in tracker.present()] == ["a-1"]


def test_who_is_missed_is_soon_counted_no_longer_and_later_over():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1)]] * 5)
    follow(tracker, [[]] * 2, start=2)
    assert tracker.present()
    follow(tracker, [[]] * 2, start=2.4)
    assert not tracker.present()
    assert tracker.tracks
    assert follow(tracker, [[]] * 10, start=2.8) == ["a-1"]
    assert tracker.tracks == []


def test_one_look_after_a_long_time_ends_nothing_and_several_do():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1)]] * 5)
    assert follow(tracker, [[]], start=60) == []
    assert [track.id for track in tracker.present()] == ["a-1"]
    assert follow(tracker, [[]] * 6, rate=1, start=61) == ["a-1"]


def test_who_stood_still_while_nobody_looked_is_where_they_were():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1 + 0.02 * number)] for number in range(10)])
    for second in range(4, 30):
        tracker.rest(second * SECOND)
    follow(tracker, [[person(0.28)]], start=30)
    assert [track.id for track in tracker.present()] == ["a-1"]
    assert tracker.tracks[0].missed_s == 0


def test_people_and_vehicles_are_never_taken_for_one_another():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1)]] * 5)
    follow(tracker, [[person(0.1, label="car")]] * 5, start=2)
    assert {track.id: track.label for track in tracker.tracks} == {"a-1": "person", "a-2": "car"}


def test_a_vehicle_is_what_it_was_taken_for_most():
    tracker = Tracker("a")
    labels = ["truck", "truck", "car", "car", "bus", "car", "car"]
    follow(tracker, [[person(0.1, label=label)] for label in labels])
    assert [(track.id, track.label) for track in tracker.tracks] == [("a-1", "car")]


def test_labels_have_sorts():
    assert [sort_of(label) for label in ("person", "bicycle", "vehicle", "suitcase", "moving")] == [
        Sort.PERSON,
        Sort.VEHICLE,
        Sort.VEHICLE,
        Sort.OTHER,
        Sort.OTHER,
    ]


def test_boxes_without_any_size_do_no_harm():
    tracker = Tracker("a")
    flat = Detection("person", 0.9, Box(0.5, 0.5, 0.5, 0.5))
    follow(tracker, [[flat]] * 5)
    assert [track.id for track in tracker.present()] == ["a-1"]


def test_of_more_detections_than_are_looked_at_the_best_are():
    chance = random.Random(1)
    crowd = [person(chance.random(), chance.random(), 0.6) for _ in range(MOST)]
    tracker = Tracker("a")
    follow(tracker, [[*crowd, person(0.5, score=0.99)]])
    assert len(tracker.tracks) == MOST
    assert max(track.score for track in tracker.tracks) == 0.99


def test_letting_go_of_everything_begins_anew_with_new_names():
    tracker = Tracker("a")
    follow(tracker, [[person(0.1)]] * 3)
    assert [track.id for track in tracker.end_all()] == ["a-1"]
    follow(tracker, [[person(0.1)]] * 3, start=5)
    assert [track.id for track in tracker.present()] == ["a-2"]


def test_with_other_habits_once_is_enough():
    tracker = Tracker("a", Habits(looks=1))
    follow(tracker, [[person(0.1)]])
    assert [track.id for track in tracker.present()] == ["a-1"]
