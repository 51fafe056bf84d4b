from pathlib import Path

import pytest

from ioc.model.faults import Fault
from ioc.model.instant import MINUTE, SECOND
from ioc.store.catalogue import load_catalogue
from rules.book import read_book
from rules.expressions import scope_of
from simulators.devices import Fleet
from simulators.scenarios import scenario_paths
from simulators.storyline import Act, What, load_scenario, place_points

LIBRARY = Path(__file__).resolve().parents[2] / "rules" / "library"

STORY = """\
scenario: small
title: {vi: Nhỏ, en: Small}
every: 5 min
acts:
  - {what: smoke, at: 11 s, lasts: 1.5 min, where: [Chợ Đà Lạt], leads_to: smoke-seen}
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.yaml"
    path.write_text(STORY, encoding="utf-8")
    return path


def test_a_scenario_is_read(story: Path) -> None:
    scenario = load_scenario(story, {"Chợ Đà Lạt"})
    assert scenario.every == 5 * MINUTE
    assert scenario.acts == (Act(What.SMOKE, 11 * SECOND, 90 * SECOND, where=("Chợ Đà Lạt",), leads_to="smoke-seen"),)


@pytest.mark.parametrize(
    ("of", "instead", "place", "expected"),
    [
        ("what: smoke", "what: smok", ":5:12:", "did you mean 'smoke'?"),
        ("at: 11 s", "at: 11", ":5:23:", "90 s, 5 min or 1 h"),
        ("at: 11 s", "at: 6 min", ":5:23:", "never happen"),
        ("lasts: 1.5 min", "lasts: 0 s", ":5:36:", "1 s to one round"),
        ("[Chợ Đà Lạt]", "[Chợ Lớn]", ":5:53:", "is not known here"),
        ("leads_to", "lead_to", ":5:66:", "did you mean 'leads_to'?"),
        ("every: 5 min", "every: 5 s", ":3:8:", "at least 1 min"),
        ("acts:\n", "acts: soon\n# ", ":4:7:", "expected a list"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_column(
    story: Path, of: str, instead: str, place: str, expected: str
) -> None:
    assert of in STORY
    story.write_text(STORY.replace(of, instead, 1), encoding="utf-8")
    with pytest.raises(Fault) as complaint:
        load_scenario(story, {"Chợ Đà Lạt"})
    assert f"story.yaml{place}" in str(complaint.value)
    assert expected in str(complaint.value)


@pytest.mark.parametrize("path", scenario_paths(), ids=lambda path: path.stem)
def test_a_scenario_that_ships_names_rules_that_ship(path: Path, da_lat: Fleet) -> None:
    book = read_book(LIBRARY, scope_of(load_catalogue(), da_lat.city.timezone))
    rules = {rule.name for rule in book.rules}
    scenario = load_scenario(path, place_points(da_lat))
    assert {act.leads_to for act in scenario.acts} <= rules | {None}
    # Everything that can happen does.
    assert {act.what for act in scenario.acts} == set(What)
