"""From a frame with faces to the files of it, with the real finder: no file shows one of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ingest.vision.faces.finder import FaceFinder
from ingest.vision.frame import Pixels
from ingest.vision.pictures.checks import checked_picture
from ingest.vision.pictures.snapshots import Snapshots
from ioc.store.pictures.folder import PictureFolder

AT = 1_795_309_200_123_000


@pytest.mark.parametrize("live", [False, True])
def test_no_file_shows_a_face_that_the_frame_had(
    finder: FaceFinder,
    draw_face: Callable[[Pixels, int, int, int], None],
    street: Pixels,
    tmp_path: Path,
    live: bool,
) -> None:
    places = [(x, y) for x in (100, 480, 860) for y in (120, 400)]
    for x, y in places:
        draw_face(street, x, y, 50)
    folder = PictureFolder(tmp_path, {"scene": 30.0}, 1.0)
    snapshots = Snapshots(folder, finder)
    if live:
        assert snapshots.show(street, "cam-1", AT)
        data = folder.read_live("cam-1")
    else:
        picture = snapshots.take(street, "scene", "cam-1", AT)
        assert picture is not None
        data = folder.read(picture)
    assert data is not None
    kept = checked_picture(data)
    scale = kept.shape[1] / street.shape[1]
    for x, y in places:
        # The whites of the eyes are the lightest of a drawn face; among few colours there are none.
        face = kept[int((y - 25) * scale) : int((y + 25) * scale), int((x - 18) * scale) : int((x + 18) * scale)]
        assert face.min(axis=2).max() < 200
        assert np.abs(np.diff(face.astype(int), axis=0)).max() < 60
    assert street.min(axis=2).max() > 230
