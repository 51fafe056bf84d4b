"""The words of rules, for whoever writes one: kinds, keys, quantities, functions, and the city's own names."""

from collections.abc import Mapping
from typing import Any, Final

from ioc.model.alerts import Severity
from ioc.model.assets import Asset
from ioc.model.city import City
from ioc.model.kinds import Kind
from ioc.model.quantities import Catalogue
from rules.expressions import FIXED, FUNCTIONS, Scope, Type
from rules.reader import OPTIONS
from rules.watches.contract import RuleKind

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "threshold": ("raise", "for", "clear", "clear_for"),
    "absence": ("after",),
    "window": ("over", "value", "raise", "clear"),
    "together": ("within", "near", "clear_after"),
    "sequence": ("steps", "not", "within", "near", "clear", "clear_after"),
    "dwell": ("in", "while", "for", "gone_after", "near"),
    "anomaly": ("of", "season", "sensitivity", "at_least", "side", "for", "clear_for"),
    "cluster": ("of", "at_least", "same", "near", "within"),
}
"""What may stand below the key of each kind."""

HELP: Final[Mapping[str, tuple[str, str]]] = {
    "abs": ("giá trị tuyệt đối", "the number without its sign"),
    "round": ("làm tròn", "the nearest whole number"),
    "floor": ("làm tròn xuống", "the next whole number below"),
    "ceil": ("làm tròn lên", "the next whole number above"),
    "sqrt": ("căn bậc hai", "the square root"),
    "least": ("số nhỏ nhất", "the least of several"),
    "greatest": ("số lớn nhất", "the greatest of several"),
    "lower": ("chữ thường", "the text in small letters"),
    "upper": ("chữ hoa", "the text in capital letters"),
    "length": ("số ký tự", "how many characters"),
    "starts_with": ("bắt đầu bằng", "whether a text begins with another"),
    "hour": ("giờ trong ngày, 0 đến 23", "the hour of the day, 0 to 23"),
    "weekday": ("thứ trong tuần, 1 (thứ hai) đến 7", "the day of the week, 1 (Monday) to 7"),
    "distance_m": ("khoảng cách, mét", "metres between two places"),
    "inside": ("nằm trong khu vực", "whether the event happened in an area of the city"),
    "coalesce": ("giá trị đầu tiên được biết", "the first that is known"),
}


def words_of(catalogue: Catalogue, scope: Scope, city: City | None, registry: Mapping[str, Asset]) -> dict[str, Any]:
    """Name all that may stand in a rule."""
    zones = sorted({asset.zone for asset in registry.values() if asset.zone})
    sites = sorted({asset.site for asset in registry.values() if asset.site})
    return {
        "kinds": [str(kind) for kind in RuleKind],
        "sources": [str(kind) for kind in Kind],
        "rule_keys": {str(kind): [*OPTIONS, str(kind), *KEYS.get(kind, ())] for kind in RuleKind},
        "quantities": {
            name: {
                "unit": catalogue[name].unit,
                "type": str(catalogue[name].type),
                "title": dict(catalogue[name].title),
            }
            for name in catalogue.names()
        },
        "functions": [_function(name) for name in FUNCTIONS] + [_coalesce()],
        "columns": {name: str(type_) for name, type_ in scope.columns.items() if name in FIXED},
        "severities": [str(severity) for severity in Severity],
        "zones": zones,
        "sites": sites,
        "areas": [] if city is None else [{"id": area.id, "title": dict(area.title)} for area in city.areas],
    }


def _function(name: str) -> dict[str, Any]:
    function = FUNCTIONS[name]
    vi, en = HELP.get(name, ("", ""))
    return {
        "name": name,
        "takes": [str(type_) for type_ in function.takes],
        "gives": str(function.gives),
        "help": {"vi": vi, "en": en},
    }


def _coalesce() -> dict[str, Any]:
    vi, en = HELP["coalesce"]
    return {"name": "coalesce", "takes": [str(Type.NUMBER)], "gives": str(Type.NUMBER), "help": {"vi": vi, "en": en}}
