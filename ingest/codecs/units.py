"""Conversions between the units that devices send and those of the catalogue."""

from collections.abc import Mapping
from typing import Final

# Per dimension: the unit's value in the dimension's first unit is `number * scale + offset`.
_DIMENSIONS: Final[tuple[Mapping[str, tuple[float, float]], ...]] = (
    {"°C": (1, 0), "°F": (5 / 9, -160 / 9), "K": (1, -273.15)},
    {"m/s": (1, 0), "km/h": (1 / 3.6, 0), "mph": (0.44704, 0), "kn": (1852 / 3600, 0), "cm/s": (0.01, 0)},
    {"hPa": (1, 0), "Pa": (0.01, 0), "kPa": (10, 0), "mbar": (1, 0), "bar": (1000, 0), "mmHg": (1.33322387415, 0)},
    {"m": (1, 0), "cm": (0.01, 0), "mm": (0.001, 0), "km": (1000, 0), "ft": (0.3048, 0), "in": (0.0254, 0)},
    {"B": (1, 0), "kB": (1000, 0), "MB": (1_000_000, 0), "KiB": (1024, 0), "MiB": (1_048_576, 0)},
    {"s": (1, 0), "ms": (0.001, 0), "min": (60, 0), "h": (3600, 0), "d": (86_400, 0)},
    {"%": (1, 0), "ratio": (100, 0), "‰": (0.1, 0)},
    {"µg/m³": (1, 0), "mg/m³": (1000, 0), "ng/m³": (0.001, 0)},
    {"W": (1, 0), "kW": (1000, 0), "mW": (0.001, 0), "MW": (1_000_000, 0)},
    {"kWh": (1, 0), "Wh": (0.001, 0), "MWh": (1000, 0), "J": (1 / 3_600_000, 0)},
    {"V": (1, 0), "mV": (0.001, 0), "kV": (1000, 0)},
    {"A": (1, 0), "mA": (0.001, 0)},
    {"Mbit/s": (1, 0), "kbit/s": (0.001, 0), "bit/s": (0.000001, 0), "Gbit/s": (1000, 0)},
    {"ppm": (1, 0), "ppb": (0.001, 0)},
    {"°": (1, 0), "rad": (57.29577951308232, 0)},
    {"m³/s": (1, 0), "l/s": (0.001, 0), "m³/h": (1 / 3600, 0)},
)


def conversion(unit: str, wanted: str) -> tuple[float, float] | None:
    """Give scale and offset from one unit to another; None where none is known between the two."""
    if unit == wanted:
        return 1.0, 0.0
    for dimension in _DIMENSIONS:
        if unit in dimension and wanted in dimension:
            scale, offset = dimension[unit]
            wanted_scale, wanted_offset = dimension[wanted]
            return scale / wanted_scale, (offset - wanted_offset) / wanted_scale
    return None


def convertible(wanted: str) -> list[str]:
    """Name the units that can be brought to a wanted one."""
    return sorted({unit for dimension in _DIMENSIONS if wanted in dimension for unit in dimension})
