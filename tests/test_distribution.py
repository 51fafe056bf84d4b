"""What the distribution is called and brings."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["ioc", "ingest", "rules", "ui", "simulators"])
def test_nobody_else_provides_our_packages(name: str):
    assert set(packages_distributions().get(name, [])) <= {"ioc-event-processor"}


def test_lock_files_name_no_registry():
    locks = [*ROOT.glob("requirements/*.txt"), ROOT / "ui" / "web" / "package-lock.json"]
    assert len(locks) == 5
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert '"resolved"' not in text


def test_every_pinned_package_has_hashes():
    for lock in ROOT.glob("requirements/*.txt"):
        pinned = [line for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line and "#" not in line]
        assert pinned
        assert all(line.endswith("\\") for line in pinned), lock
