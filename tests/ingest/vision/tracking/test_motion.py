"""The filter: against the textbook's equations, and where it must lead."""

import numpy as np
import pytest

from ingest.vision.tracking.motion import ACCELERATION, FIRST_SPEED, MEASURED, Motion

ALL = np.array([0])


def textbook(measured: list[float], width: float, seconds: float) -> tuple[float, float]:
    """One axis of one box, with matrices."""
    state, step = np.array([measured[0], 0.0]), np.array([[1.0, seconds], [0.0, 1.0]])
    noise, push = (MEASURED * width) ** 2, (ACCELERATION * width) ** 2
    covariance = np.diag([noise, (FIRST_SPEED * width) ** 2])
    disturbance = push * np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
    for value in measured[1:]:
        state, covariance = step @ state, step @ covariance @ step.T + disturbance
        gain = covariance[:, 0] / (covariance[0, 0] + noise)
        state = state + gain * (value - state[0])
        covariance = covariance - np.outer(gain, covariance[0])
    return float(state[0]), float(state[1])


def test_it_is_the_filter_of_the_textbook():
    measured = [0.1, 0.13, 0.14, 0.19, 0.2, 0.24]
    motion = Motion()
    motion.add(np.array([[measured[0], 0.5, 0.05, 0.2]]))
    for value in measured[1:]:
        motion.predict(0.2)
        motion.correct(ALL, np.array([[value, 0.5, 0.05, 0.2]]))
    place, speed = textbook(measured, 0.05, 0.2)
    assert motion.place[0, 0] == pytest.approx(place)
    assert motion.speed[0, 0] == pytest.approx(speed)
    assert motion.place[0, 1:] == pytest.approx([0.5, 0.05, 0.2])


def test_steady_motion_is_foreseen():
    motion = Motion()
    motion.add(np.array([[0.1, 0.2, 0.05, 0.1]]))
    for step in range(1, 30):
        motion.predict(0.1)
        motion.correct(ALL, np.array([[0.1 + 0.01 * step, 0.2, 0.05, 0.1]]))
    motion.predict(1.0)
    assert motion.place[0, 0] == pytest.approx(0.1 + 0.01 * 29 + 0.1, abs=0.005)


def test_what_stopped_stays_where_it_is():
    motion = Motion()
    motion.add(np.array([[0.1, 0.2, 0.05, 0.1]]))
    for step in range(1, 10):
        motion.predict(0.1)
        motion.correct(ALL, np.array([[0.1 + 0.01 * step, 0.2, 0.05, 0.1]]))
    motion.halt()
    before = motion.place.copy()
    motion.predict(1.0)
    assert motion.place == pytest.approx(before)


def test_rows_are_kept_in_order():
    motion = Motion()
    motion.add(np.array([[0.1, 0.2, 0.05, 0.1], [0.2, 0.2, 0.05, 0.1], [0.3, 0.2, 0.05, 0.1]]))
    motion.keep(np.array([0, 2]))
    motion.predict(0.1)
    assert motion.place[:, 0].tolist() == [0.1, 0.3]
    assert motion.corners()[0] == pytest.approx([0.075, 0.15, 0.125, 0.25])
