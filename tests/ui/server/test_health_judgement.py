"""What is said to be wrong: a city that says nothing is blind, never quiet."""

from typing import Any

import pytest

from ioc.model.cameras import CameraState
from ioc.model.instant import MILLISECOND, MINUTE, SECOND
from ioc.store.cameras import CameraStatus
from ui.server.health import Knowledge, judge

NOW = 1_795_323_600 * SECOND
WELL = {"ingest": {"state": "ok", "message": "", "last_event_at": str(NOW // MILLISECOND)}, "rules": {"state": "ok"}}


def said(board: dict[str, Any], known: Knowledge | None = None) -> list[tuple[str, str]]:
    health = judge(board, known or Knowledge(NOW), NOW)
    messages = [(message["severity"], message["en"]) for message in health["messages"]]
    assert health["state"] == ("degraded" if any(severity != "info" for severity, _ in messages) else "ok")
    assert all(message["vi"] for message in health["messages"])
    return messages


def test_all_well_says_nothing() -> None:
    assert said(WELL) == []


@pytest.mark.parametrize(
    ("process", "fields", "expected"),
    [
        ("rules", {}, ("major", "rules has fallen silent.")),
        ("rules", {"state": "starting"}, ("warning", "rules is starting.")),
        ("rules", {"state": "degraded"}, ("major", "rules has a problem.")),
        ("rules", {"state": "degraded", "message": "Out of paper."}, ("major", "Out of paper.")),
        ("rules", {"state": "degraded", "message": '{"vi": "Hết giấy.", "en": "No paper."}'}, ("major", "No paper.")),
        ("rules", {"state": "degraded", "message": '{"vi": 1}'}, ("major", '{"vi": 1}')),
        ("rules", {"state": "ok", "message": "A word."}, ("info", "A word.")),
        ("rules", {"state": "ok", "lag_s": "12.4"}, ("major", "The rules are 12 s behind the event stream.")),
        (
            "rules",
            {"state": "degraded", "message": "a.yaml:3:1: no.", "book_error": "a.yaml:3:1: no."},
            ("warning", "The new rules have a mistake, the last good ones stay: a.yaml:3:1: no."),
        ),
        (
            "ingest",
            {"state": "ok", "last_event_at": str((NOW - 5 * MINUTE) // MILLISECOND)},
            ("major", "The city has sent nothing for 5 min: the screen is blind, not quiet."),
        ),
        ("camera-7", {}, ("major", "camera-7 has fallen silent.")),
    ],
)
def test_what_a_process_says_is_passed_on(process: str, fields: dict[str, str], expected: tuple[str, str]) -> None:
    assert said(WELL | {process: fields}) == [expected]


def test_a_process_that_never_came_is_missed() -> None:
    assert said({}) == [("major", "ingest has not started yet."), ("major", "rules has not started yet.")]


def test_a_stream_that_stands_still_is_told() -> None:
    assert said(WELL, Knowledge(NOW - 9 * SECOND)) == [("major", "Nothing new for 9 s: the event stream stands still.")]


def test_a_store_that_is_away_is_told_instead_of_all_that_follows_from_it() -> None:
    assert said(WELL, Knowledge(NOW - MINUTE, store_away="refused")) == [
        ("critical", "The store does not answer; the screen keeps what it knew.")
    ]


def test_numbers_are_numbers_and_versions_are_not() -> None:
    fields = {
        "state": "ok",
        "a": "1",
        "b": "1.5",
        "book_version": "00123",
        "position": "1-0",
        "c": "nan",
        "d": "",
        "e": "1e400",
    }
    shown = judge(WELL | {"rules": fields}, Knowledge(NOW), NOW)["processes"]["rules"]
    assert shown == {
        "state": "ok",
        "a": 1,
        "b": 1.5,
        "book_version": "00123",
        "position": "1-0",
        "c": "nan",
        "d": "",
        "e": "1e400",
    }


@pytest.mark.parametrize(
    ("ingest", "known", "expected"),
    [
        ({"last_event_at": str(NOW // MILLISECOND)}, Knowledge(NOW), None),
        ({"last_event_at": str((NOW - 59 * SECOND) // MILLISECOND)}, Knowledge(NOW), None),
        (
            {"last_event_at": str((NOW - 61 * SECOND) // MILLISECOND)},
            Knowledge(NOW),
            {"since": (NOW - 61 * SECOND) // MILLISECOND},
        ),
        ({"last_event_at": ""}, Knowledge(NOW, since=NOW - 61 * SECOND), {"since": None}),
        ({"last_event_at": ""}, Knowledge(NOW, since=NOW - 59 * SECOND), None),
        ({}, Knowledge(NOW - 61 * SECOND), {"since": (NOW - 61 * SECOND) // MILLISECOND}),
        ({}, Knowledge(NOW), None),
    ],
)
def test_one_minute_without_a_word_of_the_city_leaves_the_screen_blind(
    ingest: dict[str, str], known: Knowledge, expected: dict[str, int | None] | None
) -> None:
    assert judge(WELL | {"ingest": ingest}, known, NOW)["blind"] == expected


def test_a_store_that_refuses_is_said_as_ingest_says_it() -> None:
    message = '{"vi": "Kho dữ liệu không nhận sự kiện: OOM", "en": "The store at x refuses: OOM."}'
    board = WELL | {"ingest": WELL["ingest"] | {"state": "degraded", "message": message}}
    assert said(board) == [("major", "The store at x refuses: OOM.")]


def cameras(*states: CameraState, at: int = NOW) -> Knowledge:
    told = [CameraStatus(f"cam-{n}", at, state, at) for n, state in enumerate(states, 1)]
    return Knowledge(NOW, cameras=told)


LIVE, DARK, MOVED = CameraState.LIVE, CameraState.DARK, CameraState.MOVED


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (cameras(), []),
        (cameras(LIVE, CameraState.STARTING), []),
        (cameras(LIVE, DARK), [("warning", "1 of 2 cameras cannot be relied on: cam-2 is dark.")]),
        (
            cameras(LIVE, MOVED, DARK, DARK),
            [("warning", "3 of 4 cameras cannot be relied on; the worst: cam-3 is dark.")],
        ),
        (cameras(CameraState.UNREACHABLE), [("major", "1 of 1 cameras cannot be relied on: cam-1 cannot be reached.")]),
        (cameras(DARK, at=NOW - 11 * SECOND), []),
    ],
)
def test_cameras_that_do_not_work_are_told_of_in_one_sentence(
    known: Knowledge, expected: list[tuple[str, str]]
) -> None:
    assert said(WELL, known) == expected
