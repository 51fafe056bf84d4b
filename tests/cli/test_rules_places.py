"""`ioc rules … --city FILE`: rules may speak of the city's areas before any city is registered."""

import subprocess
import sys
from pathlib import Path

CITY = Path(__file__).resolve().parents[2] / "simulators" / "cities" / "da-lat.yaml"
RULE = """
- rule: dust
  from: sensor
  where: inside('xuan-huong')
  threshold: {raise: pm25 > 150}
"""
TIMELINE = """
- test: Dust in the ward counts, and dust far away does not
  events:
    - {at: 0 s, kind: sensor, asset: near, lat: 11.93, lon: 108.44, values: {pm25: 200}}
    - {at: 0 s, kind: sensor, asset: far, lat: 12.5, lon: 108.44, values: {pm25: 200}}
  expect:
    - {rule: dust, key: near, raised: 0 s}
"""


def ioc(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "ioc.cli", "rules", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def test_areas_are_those_of_the_given_city(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULE)
    (tmp_path / "rules.test.yaml").write_text(TIMELINE)
    status, _, err = ioc("check", tmp_path)
    assert status == 1
    assert "'xuan-huong' is not an area with a shape; no city is known here: give its file, --city FILE" in err
    assert ioc("check", tmp_path, "--city", CITY)[0] == 0
    status, out, err = ioc("test", tmp_path, "--city", CITY)
    assert (status, err) == (0, "")
    assert "1 of 1 timelines went as expected" in out


def test_an_area_that_the_city_has_not_is_named(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULE.replace("xuan-huong", "xuan-hung"))
    status, _, err = ioc("check", tmp_path, "--city", CITY)
    assert status == 1
    assert "'xuan-hung' is not an area with a shape; did you mean 'xuan-huong'?" in err
