import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ingest.vision.detection.candidates import Candidates, best, log_odds, logistic, named, overlaps
from ingest.vision.frame import Box

GROUPS = np.array([0, 1, 1])

shares = st.floats(0, 1, width=32)


@st.composite
def some(draw: st.DrawFn) -> Candidates:
    count = draw(st.integers(0, 12))
    corners = draw(arrays(np.float32, (count, 2, 2), elements=shares))
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    scores = draw(arrays(np.float32, count, elements=shares))
    labels = draw(arrays(np.int64, count, elements=st.integers(0, 2)))
    return Candidates(boxes, scores, labels)


@given(some())
def test_overlap_is_that_of_boxes(candidates: Candidates):
    matrix = overlaps(candidates.boxes, candidates.boxes)
    assert np.allclose(matrix, matrix.T)
    for row, one in enumerate(candidates.boxes.tolist()):
        for column, other in enumerate(candidates.boxes.tolist()):
            assert abs(matrix[row, column] - Box(*one).overlap(Box(*other))) < 1e-4


@given(some(), st.floats(0.2, 0.9))
def test_what_is_kept_has_no_rival_and_what_is_dropped_has_a_better_one(candidates: Candidates, overlap: float):
    kept = best(candidates, overlap, GROUPS)
    assert list(kept.scores) == sorted(kept.scores, reverse=True)
    same = GROUPS[kept.labels][:, None] == GROUPS[kept.labels][None, :]
    assert not np.triu((overlaps(kept.boxes, kept.boxes) > overlap) & same, 1).any()
    against = overlaps(candidates.boxes, kept.boxes) > overlap
    same = GROUPS[candidates.labels][:, None] == GROUPS[kept.labels][None, :]
    better = kept.scores[None, :] >= candidates.scores[:, None]
    stays = np.array([bool((kept.boxes == box).all(axis=1).any()) for box in candidates.boxes], np.bool_)
    assert (stays | (against & same & better).any(axis=1)).all()


def test_a_person_on_a_bicycle_are_two():
    box = np.array([[0.1, 0.1, 0.3, 0.5]] * 2, np.float32)
    both = Candidates(box, np.array([0.9, 0.8], np.float32), np.array([0, 1]))
    assert len(best(both, 0.5, GROUPS).scores) == 2
    assert len(best(both, 0.5, np.zeros(3, np.int64)).scores) == 1


@given(st.floats(0.01, 0.99))
def test_log_odds_and_scores_are_each_others_inverse(score: float):
    assert abs(float(logistic(np.array([log_odds(score)], np.float32))[0]) - score) < 1e-5


def test_extreme_odds_give_scores_without_a_warning():
    assert logistic(np.array([-1e4, 1e4, -np.inf], np.float32)).tolist() == [0.0, 1.0, 0.0]


def test_boxes_end_at_the_picture():
    beyond = Candidates(np.array([[-0.2, 0.5, 0.4, 1.3]], np.float32), np.array([0.7], np.float32), np.array([1]))
    (detection,) = named(beyond, ("person", "car"))
    assert detection.label == "car"
    assert detection.box.left == 0
    assert detection.box.bottom == 1
