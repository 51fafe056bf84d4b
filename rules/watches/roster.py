"""The list of all kinds of rules: to add one is to write its watch and its state machine, and to name it here."""

from collections.abc import Mapping
from typing import Final

from rules.watches.absence import read_absence
from rules.watches.anomaly import read_anomaly
from rules.watches.cluster import read_cluster
from rules.watches.contract import ReadWatch, RuleKind
from rules.watches.dwell import read_dwell
from rules.watches.sequence import read_sequence
from rules.watches.threshold import read_threshold
from rules.watches.together import read_together
from rules.watches.window import read_window

READERS: Final[Mapping[RuleKind, ReadWatch]] = {
    RuleKind.THRESHOLD: read_threshold,
    RuleKind.ABSENCE: read_absence,
    RuleKind.WINDOW: read_window,
    RuleKind.TOGETHER: read_together,
    RuleKind.ANOMALY: read_anomaly,
    RuleKind.SEQUENCE: read_sequence,
    RuleKind.DWELL: read_dwell,
    RuleKind.CLUSTER: read_cluster,
}
"""How what stands under the key of each kind is read."""

KEYLESS: Final = frozenset((RuleKind.TOGETHER, RuleKind.CLUSTER))
"""Kinds that have a key of their own, so that `per` has no meaning for them."""
