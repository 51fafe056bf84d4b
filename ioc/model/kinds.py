"""What sorts of sources there are, and what a quantity may hold.

Apart from `ioc.model.events` because that needs polars, which costs 35 MB in every process that imports it.
"""

from enum import StrEnum

Value = float | int | bool | str
"""What a quantity may hold. Numbers are finite."""


class Kind(StrEnum):
    """What sort of source an event comes from; the second level of our own topics."""

    CAMERA = "camera"
    WIFI = "wifi"
    SENSOR = "sensor"
    NETWORK = "network"
    SECURITY = "security"
    CITIZEN = "citizen"
