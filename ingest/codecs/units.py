"""Conversions between the units that devices send and those of the catalogue."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_PER_FOOT: Final = 0.3048
_PER_INCH: Final = 0.0254

# Per dimension: the unit's value in the dimension's first unit is `number * scale + offset`.
_DIMENSIONS: Final[tuple[Mapping[str, tuple[float, float]], ...]] = (
    {"°C": (1, 0), "°F": (5 / 9, -160 / 9), "K": (1, -273.15)},
    {
        "m/s": (1, 0), "km/h": (1 / 3.6, 0), "mph": (0.44704, 0), "kn": (1852 / 3600, 0), "cm/s": (0.01, 0),
        "mm/s": (0.001, 0), "ft/s": (_PER_FOOT, 0), "ft/min": (_PER_FOOT / 60, 0),
    },
    {
        "hPa": (1, 0), "Pa": (0.01, 0), "kPa": (10, 0), "mbar": (1, 0), "bar": (1000, 0), "mmHg": (1.33322387415, 0),
        "inHg": (33.8638866667, 0), "psi": (68.9475729318, 0), "atm": (1013.25, 0),
    },
    {
        "m": (1, 0), "cm": (0.01, 0), "mm": (0.001, 0), "km": (1000, 0), "µm": (0.000001, 0), "dm": (0.1, 0),
        "ft": (_PER_FOOT, 0), "in": (_PER_INCH, 0), "yd": (0.9144, 0), "mi": (1609.344, 0), "nmi": (1852, 0),
    },
    {
        "mm/h": (1, 0), "cm/h": (10, 0), "in/h": (25.4, 0), "mm/min": (60, 0),
    },
    {
        "B": (1, 0), "kB": (1000, 0), "MB": (1e6, 0), "GB": (1e9, 0), "TB": (1e12, 0),
        "KiB": (1024, 0), "MiB": (1024**2, 0), "GiB": (1024**3, 0), "TiB": (1024**4, 0),
    },
    {
        "s": (1, 0), "ms": (0.001, 0), "µs": (0.000001, 0), "ns": (1e-9, 0), "min": (60, 0), "h": (3600, 0),
        "d": (86_400, 0), "wk": (604_800, 0),
    },
    {"%": (1, 0), "ratio": (100, 0), "‰": (0.1, 0)},
    {"µg/m³": (1, 0), "mg/m³": (1000, 0), "ng/m³": (0.001, 0), "g/m³": (1e6, 0)},
    {"W": (1, 0), "kW": (1000, 0), "mW": (0.001, 0), "MW": (1e6, 0)},
    {"VA": (1, 0), "kVA": (1000, 0)},
    {"var": (1, 0), "kvar": (1000, 0)},
    {
        "kWh": (1, 0), "Wh": (0.001, 0), "MWh": (1000, 0), "J": (1 / 3_600_000, 0), "kJ": (1 / 3600, 0),
        "MJ": (1 / 3.6, 0), "W·min": (1 / 60_000, 0),
    },
    {"V": (1, 0), "mV": (0.001, 0), "µV": (0.000001, 0), "kV": (1000, 0)},
    {"A": (1, 0), "mA": (0.001, 0), "µA": (0.000001, 0), "kA": (1000, 0)},
    {"Hz": (1, 0), "mHz": (0.001, 0), "kHz": (1000, 0), "MHz": (1e6, 0), "GHz": (1e9, 0), "1/min": (1 / 60, 0)},
    {"Ω": (1, 0), "kΩ": (1000, 0), "MΩ": (1e6, 0)},
    {
        "Mbit/s": (1, 0), "kbit/s": (0.001, 0), "bit/s": (0.000001, 0), "Gbit/s": (1000, 0),
        "B/s": (8e-6, 0), "kB/s": (0.008, 0), "MB/s": (8, 0), "KiB/s": (0.008192, 0), "MiB/s": (8.388608, 0),
    },
    {"ppm": (1, 0), "ppb": (0.001, 0), "ppt": (0.000001, 0)},
    {"°": (1, 0), "rad": (57.29577951308232, 0), "gon": (0.9, 0)},
    {
        "m³/s": (1, 0), "l/s": (0.001, 0), "m³/h": (1 / 3600, 0), "l/min": (1 / 60_000, 0), "l/h": (1 / 3_600_000, 0),
        "m³/min": (1 / 60, 0), "ft³/s": (_PER_FOOT**3, 0), "gal/min": (0.003785411784 / 60, 0),
    },
    {"m³": (1, 0), "l": (0.001, 0), "ml": (1e-6, 0), "ft³": (_PER_FOOT**3, 0), "gal": (0.003785411784, 0)},
    {"kg": (1, 0), "g": (0.001, 0), "mg": (1e-6, 0), "t": (1000, 0), "lb": (0.45359237, 0), "oz": (0.028349523125, 0)},
    {"m/s²": (1, 0), "g₀": (9.80665, 0), "mg₀": (0.00980665, 0)},
    {"lx": (1, 0), "klx": (1000, 0), "fc": (10.763910416709722, 0)},
    {"W/m²": (1, 0), "kW/m²": (1000, 0), "mW/m²": (0.001, 0)},
    {"µS/cm": (1, 0), "mS/cm": (1000, 0), "S/m": (10_000, 0), "mS/m": (10, 0)},
    {"µSv/h": (1, 0), "mSv/h": (1000, 0), "nSv/h": (0.001, 0)},
    {"dB": (1, 0)},
    {"dBm": (1, 0)},
    {"mg/l": (1, 0), "µg/l": (0.001, 0), "g/l": (1000, 0)},
)  # fmt: skip

# Other spellings, lower case and without blanks: words, plain ASCII, UN/CEFACT and UCUM codes.
_SPELLINGS: Final[Mapping[str, str]] = {
    spelling: unit
    for unit, spellings in {
        "°C": "c cel celsius degc deg_c degreec degreecelsius degreescelsius ℃ ºc 'c",
        "°F": "f fah fahrenheit degf deg_f degreef degreefahrenheit degreesfahrenheit ℉ ºf [degf]",
        "K": "kel kelvin",
        "m/s": "mps mts meterpersecond meterspersecond metrespersecond m/sec ms-1 m.s-1",
        "km/h": "kmh kph kmph kilometreperhour kilometersperhour km.h-1",
        "mph": "mi/h hm mile/h milesperhour [mi_i]/h",
        "kn": "knt kt kts knot knots",
        "cm/s": "cmps",
        "hPa": "hpa a97 hectopascal hectopascals",
        "Pa": "pal pascal pascals",
        "kPa": "kpa kilopascal",
        "mbar": "mb mba millibar millibars",
        "mmHg": "mmhg mm[hg] m[hg]",
        "inHg": "inhg in[hg] [in_i'hg]",
        "m": "mtr meter meters metre metres",
        "cm": "cmt centimeter centimeters centimetre centimetres",
        "mm": "mmt millimeter millimeters millimetre millimetres",
        "km": "kmt kilometer kilometers kilometre kilometres",
        "ft": "fot foot feet",
        "in": 'inh inch inches "',
        "mm/h": "mm/hr mmh mmph h67 millimetresperhour",
        "in/h": "in/hr iph",
        "B": "byte bytes ad",
        "kB": "kb",
        "s": "sec second seconds secs",
        "ms": "c26 millisecond milliseconds",
        "min": "minute minutes mins",
        "h": "hur hr hrs hour hours",
        "d": "day days",
        "%": "p1 percent pct %rh percentage %relativehumidity",
        "ratio": "c62",
        "µg/m³": "ug/m3 gq μg/m³ μg/m3 ug/m^3 μg/m^3 ugm3 µg/m3 ug.m-3 microgrampercubicmetre",
        "mg/m³": "gp mg/m3 mg/m^3",
        "W": "wtt watt watts",
        "kW": "kwt kilowatt",
        "V": "vlt volt volts",
        "mV": "2z millivolt millivolts",
        "A": "amp ampere amperes amps",
        "mA": "4k milliampere",
        "kWh": "kilowatthour kilowatthours",
        "Wh": "whr watthour",
        "Hz": "htz hertz",
        "Ω": "ohm ohms",
        "ppm": "59 partspermillion",
        "ppb": "61 partsperbillion",
        "°": "dd deg degree degrees angulardegree",
        "rad": "c81 radian radians",
        "m³/s": "mqs m3/s m^3/s",
        "m³/h": "mqh m3/h m^3/h",
        "l/s": "g51",
        "l/min": "l2 lpm",
        "m³": "mtq m3 m^3 cubicmeter",
        "l": "ltr liter liters litre litres",
        "dB": "2n decibel decibels db(a) dba db[spl]",
        "dBm": "dbm",
        "lx": "lux",
        "W/m²": "d54 w/m2 w/m^2",
        "µS/cm": "us/cm μs/cm",
        "µSv/h": "usv/h μsv/h",
        "kg": "kgm kilogram",
        "Mbit/s": "mbps mbit",
        "kbit/s": "kbps",
        "bit/s": "bps",
        "µm": "um μm",
        "µs": "us μs",
        "mg/l": "m1",
    }.items()
    for spelling in spellings.split()
}


@lru_cache(maxsize=1024)
def conversion(unit: str, wanted: str) -> tuple[float, float] | None:
    """Give scale and offset from one unit to another; None where none is known between the two."""
    if unit == wanted:
        return 1.0, 0.0
    spelled = _spelled(unit)
    if spelled == wanted:
        return 1.0, 0.0
    for dimension in _DIMENSIONS:
        if spelled in dimension and wanted in dimension:
            scale, offset = dimension[spelled]
            wanted_scale, wanted_offset = dimension[wanted]
            return scale / wanted_scale, (offset - wanted_offset) / wanted_scale
    return None


def convertible(wanted: str) -> list[str]:
    """Name the units that can be brought to a wanted one."""
    return sorted({unit for dimension in _DIMENSIONS if wanted in dimension for unit in dimension})


def _spelled(unit: str) -> str:
    """Give a unit's own spelling: exactly as it is where it is one, for `mW` is not `MW`; else by the table."""
    if any(unit in dimension for dimension in _DIMENSIONS):
        return unit
    return _SPELLINGS.get("".join(unit.split()).lower(), unit.strip())
