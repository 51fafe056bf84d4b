"""Lets the tests of this folder import its packages, which the soak uses as well."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
