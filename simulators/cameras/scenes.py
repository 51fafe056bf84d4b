"""The pretend cameras that there are, by the name that their address has."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from simulators.cameras.crossing import Crossing
from simulators.cameras.hill import Hill
from simulators.cameras.market import Market
from simulators.cameras.scene import Scene

SCENES: Final[Mapping[str, Callable[[int], Scene]]] = MappingProxyType(
    {"crossing": Crossing, "market": Market, "hill": Hill}
)
"""Each makes its scene from a seed."""
