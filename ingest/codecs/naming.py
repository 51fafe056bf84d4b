"""What devices call the things they measure, and in which unit, brought to our quantities where these are known."""

from collections.abc import Mapping
from typing import Any, Final

from ingest.codecs.identifiers import quantity_name
from ingest.codecs.units import conversion

UNITS: Final[Mapping[str, str]] = {
    "temp_c": "°C",
    "dew_point_c": "°C",
    "humidity": "%",
    "soil_moisture": "%",
    "battery": "%",
    "pressure_hpa": "hPa",
    "co2_ppm": "ppm",
    "co_ppm": "ppm",
    "pm1": "µg/m³",
    "pm25": "µg/m³",
    "pm10": "µg/m³",
    "no2": "µg/m³",
    "so2": "µg/m³",
    "o3": "µg/m³",
    "noise_db": "dB",
    "illuminance": "lx",
    "solar_radiation": "W/m²",
    "rain_mm": "mm",
    "rain_mm_h": "mm/h",
    "wind_mps": "m/s",
    "wind_deg": "°",
    "water_level": "m",
    "distance": "m",
    "altitude": "m",
    "speed": "km/h",
    "heading": "°",
    "voltage": "V",
    "current": "A",
    "power": "W",
    "energy": "kWh",
    "rssi": "dBm",
    "snr": "dB",
    "uptime": "s",
    "flow_m3s": "m³/s",
}
"""The quantities that are known here, each with its unit in the catalogue."""

BOOLEANS: Final = frozenset({
    "motion", "occupancy", "presence", "smoke", "heat", "gas", "carbon_monoxide", "water_leak", "contact", "vibration",
    "tamper", "sos", "alarm", "battery_low", "charging", "acknowledged", "connected", "occupied", "pir", "output",
})  # fmt: skip
"""The catalogue's quantities that are true or false, by the names that devices give them too."""

TEXTS: Final = frozenset({"state", "status", "action", "event", "code", "role", "device", "label", "model", "firmware"})
"""Those that are texts, and often come as numbers."""

_NAMES: Final[Mapping[str, str]] = {
    **{name: name for name in UNITS},
    **dict.fromkeys(("temperature", "temp", "air_temperature", "ambient_temperature", "outdoor_temperature"), "temp_c"),
    **dict.fromkeys(("relative_humidity", "hum", "rh", "air_humidity"), "humidity"),
    **dict.fromkeys(("moisture", "soil_humidity"), "soil_moisture"),
    **dict.fromkeys(("battery_level", "battery_percent", "batt", "bat", "battery_percentage"), "battery"),
    **dict.fromkeys(
        ("pressure", "atmospheric_pressure", "barometric_pressure", "air_pressure", "barometer"), "pressure_hpa"
    ),
    **dict.fromkeys(("co2", "carbon_dioxide"), "co2_ppm"),
    **dict.fromkeys(("co", "carbon_monoxide_concentration"), "co_ppm"),
    **dict.fromkeys(("pm1_0", "pm_1", "pm01"), "pm1"),
    **dict.fromkeys(("pm2_5", "pm_2_5", "pm_25", "pm02"), "pm25"),
    "pm_10": "pm10",
    "pm10_0": "pm10",
    "nitrogen_dioxide": "no2",
    "sulphur_dioxide": "so2",
    "ozone": "o3",
    **dict.fromkeys(("sound_pressure", "noise", "sound_level", "laeq"), "noise_db"),
    **dict.fromkeys(("lux", "light", "light_level", "brightness_lux"), "illuminance"),
    **dict.fromkeys(("irradiance", "radiation"), "solar_radiation"),
    **dict.fromkeys(("rain", "precipitation", "rainfall"), "rain_mm"),
    **dict.fromkeys(("rain_rate", "precipitation_intensity"), "rain_mm_h"),
    "wind_speed": "wind_mps",
    "wind_direction": "wind_deg",
    "dewpoint": "dew_point_c",
    "dew_point": "dew_point_c",
    "elevation": "altitude",
    **dict.fromkeys(("course", "bearing"), "heading"),
    **dict.fromkeys(("signal_strength", "rssi_dbm"), "rssi"),
    **dict.fromkeys(("energy_total", "total_energy"), "energy"),
}

_SENML: Final[Mapping[str, str]] = {"/": "ratio", "%EL": "%", "Far": "°F"}
"""Spellings of units that are used where names are standard too."""

_WITHOUT_NAME: Final = (
    "temp_c", "illuminance", "voltage", "current", "power", "energy", "pressure_hpa", "rssi", "noise_db", "wind_mps",
    "solar_radiation", "flow_m3s", "co2_ppm", "pm25",
)  # fmt: skip
"""What a value without a name is taken for, by its unit, most likely first."""


def measured(name: str, value: Any, unit: str | None = None) -> tuple[str, Any]:
    """Give our quantity and the value in its unit; what is not known keeps its own name and value.

    Args:
        name: what the device calls it; empty where it has no name, and the unit has to say what it is.
        value: a number, a text, true or false.
        unit: the device's unit, as it writes it; None where it is not known, and our own is taken for granted.
    """
    if not name.strip():
        quantity = _by_unit(unit)
    else:
        own = quantity_name(name)
        quantity = _NAMES.get(own, own)
    if value.__class__ is int or value.__class__ is float:
        if quantity in BOOLEANS:
            # With a unit it is something else under the same name: a heater's power is no alarm.
            return (quantity, bool(value)) if value in (0, 1) and not unit else (f"{quantity}_value", value)
        if quantity in TEXTS:
            return quantity, repr(value)
    spelled = None if unit is None else _SENML.get(unit.strip(), unit.strip())
    wanted = UNITS.get(quantity)
    if not spelled or wanted is None or isinstance(value, (str, bool)):
        return quantity, value
    factors = conversion(spelled, wanted)
    if factors is None:
        # A pressure in an unknown unit is not ours: it keeps its name, so that nobody compares it with ours.
        return quantity_name(name) if name.strip() and quantity_name(name) not in UNITS else "value", value
    scale, offset = factors
    return quantity, value if (scale, offset) == (1, 0) else value * scale + offset


def is_known(name: str) -> bool:
    """Say whether what a device calls a value is a quantity of ours."""
    return quantity_name(name) in _NAMES


def _by_unit(unit: str | None) -> str:
    if not unit:
        return "value"
    if unit.lower() == "%rh":
        return "humidity"
    if unit == "%EL":
        return "battery"
    return next((each for each in _WITHOUT_NAME if conversion(unit, UNITS[each]) is not None), "value")
