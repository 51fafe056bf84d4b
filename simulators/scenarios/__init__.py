"""The scenarios that ship, one YAML file each."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def scenario_paths() -> list[Path]:
    """List the scenarios that ship."""
    return sorted(_FOLDER.glob("*.yaml"))


def day_of(city: str) -> Path | None:
    """Find the scenario that a city plays where no other is asked for."""
    path = _FOLDER / f"{city}-day.yaml"
    return path if path.is_file() else None
