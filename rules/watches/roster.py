"""The list of all kinds of rules: to add one is to write its watch and its state machine, and to name it here."""

from collections.abc import Mapping
from typing import Final

from rules.watches.absence import read_absence
from rules.watches.cluster import read_cluster
from rules.watches.contract import ReadWatch, RuleKind
from rules.watches.threshold import read_threshold
from rules.watches.together import OPTIONS, read_together
from rules.watches.window import read_window

READERS: Final[Mapping[RuleKind, ReadWatch]] = {
    RuleKind.THRESHOLD: read_threshold,
    RuleKind.ABSENCE: read_absence,
    RuleKind.WINDOW: read_window,
    RuleKind.TOGETHER: read_together,
    RuleKind.CLUSTER: read_cluster,
}
"""How what stands under the key of each kind is read."""

NAMED_PARTS: Final[Mapping[RuleKind, tuple[str, ...]]] = {RuleKind.TOGETHER: OPTIONS}
"""Kinds whose mapping names the events that make an alert, with the keys that are not such names."""

KEYLESS: Final = frozenset((RuleKind.TOGETHER, RuleKind.CLUSTER))
"""Kinds that have a key of their own, so that `per` has no meaning for them."""
