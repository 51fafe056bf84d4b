"""The supervisor's plan and what it tells."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ioc.runtime.children import Command
from ioc.runtime.processes import Member
from ioc.runtime.supervised import Page, Plan, say, supervise


def test_a_plan_comes_through_json_as_it_was():
    command = Command("ui", "shows", ("python", "-m", "x"), {"A": "1"}, Path("logs/ui.log"), "http://here", (8000,))
    members = (Member(command), Member(Command("city", "registers", ("python",)), once=True))
    for plan in (Plan(members), Plan(members, Path("data"), Page("127.0.0.1", 8000, ("ingest", "rules")))):
        assert Plan.from_json(plan.to_json()) == plan


def test_a_child_that_was_asked_for_the_impossible_gives_its_reason_and_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], free_port: Callable[[], int]
):
    command = Command(
        "rules",
        "finds",
        ("/bin/sh", "-c", "echo 'rules: air.yaml:3:1: what is this' >&2; exit 2"),
        log=tmp_path / "rules.log",
    )
    page = Page("127.0.0.1", free_port(), ("rules",))
    assert supervise(Plan((Member(command),), tmp_path / "data", page)) == 2
    assert capsys.readouterr().err == "ioc: rules: air.yaml:3:1: what is this\n"


def test_telling_is_no_reason_to_stop(capsys: pytest.CaptureFixture[str]):
    say("all is well")
    assert capsys.readouterr().out == "all is well\n"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("ioc.example", "http://ioc.example:8000"),
    ],
)
def test_the_address_that_people_are_told_can_be_opened(host: str, address: str):
    assert Page(host, 8000, ()).address == address
