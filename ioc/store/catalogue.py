"""The quantities that the city knows, read from YAML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ioc.model.events import FIXED_COLUMNS
from ioc.model.quantities import Catalogue, Quantity, QuantityType
from ioc.runtime.marked_yaml import YamlNode, read_marked_file

SHIPPED: Final = Path(__file__).with_name("quantities.yaml")
"""The quantities that come with the program."""

_KEYS: Final = ("type", "unit", "from", "to", "vi", "en")


def load_catalogue(*extra: Path) -> Catalogue:
    """Read the shipped quantities, then those of other files; a later one of the same name replaces an earlier.

    Args:
        extra: files of the same form as the shipped `quantities.yaml`.

    Raises:
        Misplaced: a mistake in a file, with its line and column.
    """
    return Catalogue(quantity for path in (SHIPPED, *extra) for quantity in _quantities(path))


def _quantities(path: Path) -> Iterator[Quantity]:
    document = read_marked_file(path, path.name)
    if document is None:
        return
    for name, node in document.mapping().items():
        if not _is_name(name):
            raise document.keys()[name].wrong(
                f"{name!r} cannot be a quantity's name: at most 64 letters, digits and _, not beginning with a digit, "
                f"and none of {', '.join(FIXED_COLUMNS)}"
            )
        yield _quantity(name, node)


def _is_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and len(name) <= 64 and name not in FIXED_COLUMNS


def _quantity(name: str, node: YamlNode) -> Quantity:
    fields = node.mapping(_KEYS, required=("vi", "en"))
    kind = QuantityType(fields["type"].choice([str(each) for each in QuantityType]) if "type" in fields else "number")
    low = fields["from"].number() if "from" in fields else None
    high = fields["to"].number() if "to" in fields else None
    numeric = kind in (QuantityType.NUMBER, QuantityType.INTEGER)
    for key in ("unit", "from", "to"):
        if key in fields and not numeric:
            raise fields[key].wrong(f"a {kind} has no {key!r}; only a number or an integer has")
    if low is not None and high is not None and low > high:
        raise fields["to"].wrong(f"the range is empty: it goes from {low:g} to {high:g}")
    return Quantity(
        name=name,
        type=kind,
        unit=fields["unit"].text() if "unit" in fields else None,
        low=low,
        high=high,
        title={"vi": fields["vi"].text(), "en": fields["en"].text()},
    )
