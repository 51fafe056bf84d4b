import os
from collections.abc import Callable

import pytest

from ingest.vision.camera import DetectorName
from ingest.vision.detection.greeting import without_greeting
from ingest.vision.detection.models import ModelName
from ingest.vision.detection.opening import open_detector


def test_whatever_else_is_written_passes(capfd: pytest.CaptureFixture[str]):
    with without_greeting():
        os.write(2, b"one\nINFO: Created TensorFlow Lite XNNPACK delegate for CPU.\ntwo\n")
    os.write(2, b"three\n")
    assert capfd.readouterr().err == "one\ntwo\nthree\n"


def test_it_passes_after_a_fault_too(capfd: pytest.CaptureFixture[str]):
    def fail() -> None:
        with without_greeting():
            os.write(2, b"before\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_a_detector_opens_without_a_word(capfd: pytest.CaptureFixture[str], needs_model: Callable[[ModelName], None]):
    needs_model(ModelName.SSD)
    open_detector(DetectorName.SSD)
    assert capfd.readouterr().err == ""
