from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pets09
import pytest

from ingest.vision.camera import DetectorName
from ingest.vision.detection.contract import LEAST_SCORE, OTHERS, PERSON, VEHICLES
from ingest.vision.detection.models import ModelName
from ingest.vision.detection.opening import open_detector
from ingest.vision.detection.ssd import NAMES, anchors

Needs = Callable[[ModelName], None]


def test_there_is_an_anchor_for_each_of_the_networks_answers():
    placed = anchors()
    assert placed.shape == (1917, 4)
    assert (placed[:, :2] > 0).all()
    assert (placed[:, :2] < 1).all()
    # The finest layer's three shapes; the coarsest layer's square, between its scale and 1.
    assert np.allclose(placed[:3, 2:], [[0.1, 0.1], [0.2828, 0.1414], [0.1414, 0.2828]], atol=1e-4)
    assert np.allclose(placed[-1], [0.5, 0.5, 0.9747, 0.9747], atol=1e-4)


def test_labels_are_those_that_others_know():
    assert set(NAMES) <= {PERSON, *VEHICLES, *OTHERS}


@pytest.mark.parametrize(
    ("name", "precision", "error"), [(DetectorName.SSD, 0.7, 1.0), (DetectorName.SSD_TILES, 0.85, 0.8)]
)
def test_people_are_found_and_counted(
    name: DetectorName, precision: float, error: float, pets: Path, needs_model: Needs
):
    needs_model(ModelName.SSD)
    detector = open_detector(name, least_score=0.05)
    numbers, found = [], []
    for number, pixels in pets09.frames(pets, every=53):
        numbers.append(number)
        found.append([each for each in detector.detect(pixels) if each.label == PERSON])
    there = [each for number, each in enumerate(pets09.people(pets)) if number in numbers]
    score = pets09.score(found, there)
    assert score.precision >= precision
    assert pets09.count_error(found, there, 0.5) <= error


def test_cars_are_found_on_a_highway(shared: Path, needs_model: Needs):
    needs_model(ModelName.SSD)
    clip = cv2.VideoCapture(str(shared / "video" / "highway" / "input.avi"))
    for _ in range(800):
        clip.grab()
    _, pixels = clip.retrieve()
    found = open_detector(DetectorName.SSD, least_score=0.5).detect(pixels)
    assert len(found) >= 6
    assert {each.label for each in found} == {"car"}


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (4000, 2), (37, 53), (1080, 1920)])
@pytest.mark.parametrize("name", [DetectorName.SSD, DetectorName.SSD_TILES])
def test_pictures_of_any_size_are_looked_at(name: DetectorName, size: tuple[int, int], needs_model: Needs):
    needs_model(ModelName.SSD)
    pixels = np.random.default_rng(7).integers(0, 255, (*size, 3), np.uint8)
    for each in open_detector(name).detect(pixels):
        assert each.score >= LEAST_SCORE - 1e-6
        assert 0 <= each.box.left <= each.box.right <= 1
        assert 0 <= each.box.top <= each.box.bottom <= 1


def test_the_best_comes_first(pets: Path, needs_model: Needs):
    needs_model(ModelName.SSD)
    _, pixels = next(pets09.frames(pets))
    scores = [each.score for each in open_detector(DetectorName.SSD).detect(pixels)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.5
