"""The words of Home Assistant's discovery: abbreviated names, and the templates that are no more than a path."""

import re
from collections.abc import Mapping
from typing import Final

TemplatePath = tuple[str | int, ...]

LONG: Final[Mapping[str, str]] = {
    "avty": "availability", "avty_mode": "availability_mode", "avty_t": "availability_topic",
    "avty_tpl": "availability_template", "cmps": "components", "cns": "connections", "dev": "device",
    "dev_cla": "device_class", "ids": "identifiers", "obj_id": "object_id", "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on", "stat_off": "state_off",
    "stat_on": "state_on", "stat_t": "state_topic", "stat_tpl": "value_template", "stat_val_tpl": "value_template",
    "state_value_template": "value_template", "t": "topic", "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
}  # fmt: skip
"""The names that matter here, by their abbreviations."""

_TEMPLATE: Final = re.compile(
    r"\{\{-?\s*(?P<root>value_json|value)(?P<path>[^|{}]*?)\s*(?P<filters>(?:\|[^{}|]*)*)-?\}\}"
)
_STEP: Final = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*(?:'([^']*)'|\"([^\"]*)\"|(-?\d{1,4}))\s*\]")
_HARMLESS: Final = re.compile(r"\|\s*(?:float|int|round|default|string|trim|is_defined)\s*(?:\([^()]*\))?\s*")
_MAX_TEMPLATE: Final = 500


def read_template(text: str) -> tuple[TemplatePath | None, bool]:
    """Read a template that is no more than a path, with filters that leave the value what it is.

    Returns:
        The path, None for the whole state; and whether the template is so simple at all.
    """
    found = _TEMPLATE.fullmatch(text.strip()) if len(text) <= _MAX_TEMPLATE else None
    if found is None:
        return None, False
    filters = found["filters"].strip()
    while filters:
        harmless = _HARMLESS.match(filters)
        if harmless is None:
            return None, False
        filters = filters[harmless.end() :]
    steps: list[str | int] = []
    path, end = found["path"], 0
    while end < len(path):
        step = _STEP.match(path, end)
        if step is None:
            return None, False
        name, single, double, number = step.groups()
        steps.append(
            int(number) if number is not None else next(each for each in (name, single, double) if each is not None)
        )
        end = step.end()
    if found["root"] == "value":
        return (None, not steps)
    return tuple(steps), True
