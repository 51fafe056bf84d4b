"""Why a rule fired, or why it did not: every condition with how near it came."""

from rules.bench.explaining.explain import Asked, explain, keys_near, needs
from rules.bench.explaining.findings import Explanation, Finding, Nearest
from rules.bench.explaining.standing import standing_of

__all__ = ["Asked", "Explanation", "Finding", "Nearest", "explain", "keys_near", "needs", "standing_of"]
