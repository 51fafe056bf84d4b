"""What the tests of detectors may ask for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.vision.detection.models import ModelName, installed


@pytest.fixture(scope="session")
def needs_model() -> Callable[[ModelName], None]:
    """A function that skips the test where a model is not installed; where everything must run, it fails instead.

    NanoDet is an extra, and is never required.
    """

    def needs(name: ModelName) -> None:
        if installed(name):
            return
        reason = f"the model {name} is not installed"
        if os.environ.get("CI") == "true" and name is not ModelName.NANODET:
            pytest.fail(f"cannot run: {reason}", pytrace=False)
        pytest.skip(reason)

    return needs


@pytest.fixture(scope="session")
def pets(shared: Path) -> Path:
    return shared / "video" / "pets09"
