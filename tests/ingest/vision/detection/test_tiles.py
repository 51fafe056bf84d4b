import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.vision.detection.candidates import Candidates
from ingest.vision.detection.tiles import EDGE, TILES, large, whole_in
from ingest.vision.frame import Box


def one(box: Box) -> Candidates:
    return Candidates(np.array([box], np.float32), np.array([0.9], np.float32), np.array([0]))


def seen(box: Box, tile: Box) -> Box | None:
    """What a tile shows of something."""
    part = Box(*(max(a, b) for a, b in zip(box[:2], tile[:2], strict=True)), *map(min, box[2:], tile[2:]))
    return part if part.left < part.right and part.top < part.bottom else None


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.005, 1), st.floats(0.005, 1))
def test_whatever_its_size_and_place_something_is_seen_whole(left: float, top: float, width: float, height: float):
    box = Box(left, top, min(1.0, left + width), min(1.0, top + height))
    if box.area <= 0:
        return
    parts = [seen(box, tile) for tile in TILES]
    # A hair's breadth beyond the edge: what touches it is neither cut nor whole.
    hair = 1e-4
    whole = [
        part
        for part, tile in zip(parts, TILES, strict=True)
        if part is not None and len(whole_in(one(part), tile).scores) and part == box
    ]
    grown = Box(box.left - hair, box.top - hair, box.right + hair, box.bottom + hair)
    assert whole or len(large(one(grown)).scores)


@given(st.sampled_from(TILES), st.floats(0, 1), st.floats(0, 1))
def test_what_an_inner_edge_cuts_is_left_to_others(tile: Box, across: float, down: float):
    # Something that goes on beyond the tile shows up to the tile's edge.
    x, y = tile.left + across * (tile.right - tile.left), tile.top + down * (tile.bottom - tile.top)
    if tile.right < 1 and x < tile.right:
        assert not len(whole_in(one(Box(x, tile.top + EDGE * 2, tile.right, tile.bottom - EDGE * 2)), tile).scores)
    if tile.top > 0 and y > tile.top:
        assert not len(whole_in(one(Box(tile.left + EDGE * 2, tile.top, tile.right - EDGE * 2, y)), tile).scores)
