from collections.abc import Callable
from pathlib import Path

import numpy as np
import pets09
import pytest

from ingest.vision.camera import DetectorName
from ingest.vision.detection.contract import OTHERS, PERSON, VEHICLES
from ingest.vision.detection.models import ModelName
from ingest.vision.detection.nanodet import NAMES
from ingest.vision.detection.opening import open_detector

Needs = Callable[[ModelName], None]


def test_people_are_found_and_counted(pets: Path, needs_model: Needs):
    needs_model(ModelName.NANODET)
    detector = open_detector(DetectorName.NANODET, least_score=0.05)
    numbers, found = [], []
    for number, pixels in pets09.frames(pets, every=100):
        numbers.append(number)
        found.append([each for each in detector.detect(pixels) if each.label == PERSON])
    there = [each for number, each in enumerate(pets09.people(pets)) if number in numbers]
    assert pets09.score(found, there).precision >= 0.85
    assert pets09.count_error(found, there, 0.5) <= 0.8


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (53, 37)])
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int], needs_model: Needs):
    needs_model(ModelName.NANODET)
    pixels = np.random.default_rng(7).integers(0, 255, (*size, 3), np.uint8)
    for each in open_detector(DetectorName.NANODET).detect(pixels):
        assert 0 <= each.box.left <= each.box.right <= 1
        assert 0 <= each.box.top <= each.box.bottom <= 1


def test_labels_are_those_that_others_know():
    assert set(NAMES) <= {PERSON, *VEHICLES, *OTHERS}
