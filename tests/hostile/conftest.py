"""Lets the tests of this folder import the corpus, and the real line of the kill matrix."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "reliability"):
    sys.path.insert(0, str(folder))
