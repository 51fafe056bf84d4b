import pytest

from ingest.vision.sources.pace import Pace, Timeline


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_come_at_the_rate() -> None:
    time = Time()
    pace = Pace(5, time.read, time.sleep)
    for _ in range(11):
        pace.wait()
    assert time.now == pytest.approx(102.0)


def test_who_was_away_for_long_does_not_run_after_all_the_turns() -> None:
    time = Time()
    pace = Pace(5, time.read, time.sleep)
    pace.wait()
    time.now += 60
    immediate = 0
    while True:
        before = time.now
        pace.wait()
        if time.now > before:
            break
        immediate += 1
    assert immediate <= 7


def test_frames_are_shown_at_the_times_of_their_clip() -> None:
    time = Time()
    line = Timeline(time.read, time.sleep)
    for position in (0.0, 0.1, 0.3, 1.0):
        line.wait(position, 0.04)
    assert time.now == pytest.approx(101.0)


@pytest.mark.parametrize("position", [0.0, 0.5, 50_000.0])
def test_a_jump_in_a_clip_is_one_frame_long(position: float) -> None:
    time = Time()
    line = Timeline(time.read, time.sleep)
    line.wait(0.0, 0.04)
    line.wait(1.0, 0.04)
    line.wait(position, 0.04)
    assert time.now == pytest.approx(101.04)
