"""The cities that ship, one YAML file each."""

from pathlib import Path

from ioc.model.faults import Fault

_FOLDER = Path(__file__).parent


def city_names() -> list[str]:
    """Name the cities that ship."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def city_path(name: str) -> Path:
    """Find a city's file: by the name of one that ships, or by a path that ends in .yaml.

    Raises:
        Fault: neither a known name nor an existing file.
    """
    if name in city_names():
        return _FOLDER / f"{name}.yaml"
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return path
    raise Fault(f"there is no city {name!r}; expected {', '.join(city_names())}, or the path of a city file (.yaml)")


def camera_file(city: str) -> Path | None:
    """Find the file of the pretend cameras of a city; None where nobody has drawn any for it.

    Args:
        city: name or path, as for `city_path`.
    """
    path = _FOLDER.parent / "cameras" / f"{Path(city).stem}.yaml"
    return path if path.is_file() else None
