"""Which detection belongs to which track: the pairing that fits best as a whole."""

import lap
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


def overlaps(some: Floats, others: Floats, margin: float = 0.0) -> Floats:
    """Compute intersection over union of every box with every other.

    Args:
        some: n × 4: left, top, right, bottom.
        others: m × 4.
        margin: by which share of its own sides each box is made larger on each side first, so that boxes that lie
            just beside one another can still be told from those far away (Yang et al., "Hard to Track Objects with
            Irregular Motions and Similar Appearances? Make It Easier by Buffering the Matching Space", WACV 2023).

    Returns:
        n × m, each 0 to 1.
    """
    first, second = _widened(some, margin), _widened(others, margin)
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(high - low, 0.0)
    shared = sides[..., 0] * sides[..., 1]
    union = _areas(first)[:, None] + _areas(second)[None, :] - shared
    result: Floats = shared / np.maximum(union, 1e-12)
    return result


def nearness(some: Floats, others: Floats, reach: float) -> Floats:
    """Compute how near every box is to every other: 1 at the same place, 0 from `reach` on.

    Args:
        some: n × 4: centre x, centre y, width, height.
        others: m × 4.
        reach: how far centres may be apart, in sides of the boxes.

    Returns:
        n × m; 0 where one is more than half as large again as the other, across or down.
    """
    sides = np.sqrt(some[:, None, 2:] * others[None, :, 2:])
    apart = (some[:, None, :2] - others[None, :, :2]) / sides
    ratio = np.maximum(some[:, None, 2:], others[None, :, 2:]) / sides
    near: Floats = np.maximum(0.0, 1.0 - np.sqrt((apart**2).sum(axis=2)) / max(reach, 1e-9))
    near[(ratio**2 > 1.5).any(axis=2)] = 0.0
    return near


def pairs(likeness: Floats, least: float) -> tuple[Rows, Rows]:
    """Pair rows with columns so that the likeness of all pairs together is greatest.

    Args:
        likeness: n × m.
        least: pairs less alike than this are none.

    Returns:
        The rows of the pairs, in ascending order, and the column of each.
    """
    if likeness.size == 0 or float(likeness.max()) < least:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    cost = np.where(likeness >= least, -likeness, 1e3)
    columns = lap.lapjv(cost, extend_cost=True, return_cost=False)[0].astype(np.intp)
    rows = np.flatnonzero(columns >= 0)
    good = likeness[rows, columns[rows]] >= least
    return rows[good], columns[rows][good]


def _widened(boxes: Floats, margin: float) -> Floats:
    if margin == 0.0:
        return boxes
    grow = (boxes[:, 2:] - boxes[:, :2]) * margin
    return np.concatenate([boxes[:, :2] - grow, boxes[:, 2:] + grow], axis=1)


def _areas(boxes: Floats) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2]
    areas: Floats = sides[:, 0] * sides[:, 1]
    return areas
