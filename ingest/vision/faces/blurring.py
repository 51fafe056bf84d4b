"""Makes faces unrecognizable, such that nothing brings them back."""

from collections.abc import Sequence

from ingest.vision.frame import Box, Pixels


def blurred(pixels: Pixels, boxes: Sequence[Box]) -> Pixels:
    """Blur parts of a picture.

    Args:
        pixels: the picture; it stays as it is.
        boxes: faces, in shares of the picture; more around each is blurred too.

    Returns:
        A picture of the same size.
    """
    raise NotImplementedError
