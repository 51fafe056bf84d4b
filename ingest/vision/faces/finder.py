"""Finds faces with CenterFace, a network of 7 MB that OpenCV runs; whoever cannot find faces stores no pictures."""

from pathlib import Path
from typing import Final

import cv2

from ingest.vision.detection.models import ModelName, model_file
from ingest.vision.frame import Box, Pixels
from ioc.model.faults import Fault

LEAST_SCORE: Final = 0.25
"""Faces with less are not told of. It is low: blurring what is no face costs little."""

WIDEST: Final = 1280
"""Pixels to which longer sides are made smaller before faces are looked for."""

_STEP: Final = 32
"""The network halves its picture five times: sides are multiples of this."""

_OUTPUTS: Final = ("537", "538", "539", "540")
"""Heat map, sizes, offsets and landmarks, as the file names them."""


class FacesUnknown(Exception):
    """Whether there are faces in a picture could not be found out: it must not be stored."""


class FaceFinder:
    """Finds faces; one thread at a time may ask.

    The network is CenterFace (Xu, Yan, Yuan, Yang, 2019, arXiv:1911.03599): at a quarter of the picture's resolution it
    says for each place how likely a face has its middle there, how large that face would be, and how far the middle is
    from the place.
    """

    def __init__(self, model: Path, *, widest: int = WIDEST, least_score: float = LEAST_SCORE) -> None:
        """Load the network.

        Args:
            model: its file.
            widest: pixels of the longer side, at most, at which pictures are looked at.
            least_score: faces below it are left out, 0 to 1.

        Raises:
            Fault: OpenCV cannot load it.
        """
        try:
            self._net = cv2.dnn.readNetFromONNX(str(model))
        except cv2.error as error:
            raise Fault(f"{model}: OpenCV {cv2.__version__} cannot load this face finder", wrong_use=False) from error
        self._widest = widest
        self._least_score = least_score

    @classmethod
    def open(cls, models: Path | None = None) -> "FaceFinder":
        """Load the installed one.

        Args:
            models: the folder of models; None for the usual one.

        Raises:
            Fault: it is not installed, is another one, or cannot be loaded; the sentence says what to do.
        """
        return cls(model_file(ModelName.FACES, models))

    def find(self, pixels: Pixels) -> list[tuple[Box, float]]:
        """Find faces.

        Returns:
            Where they are and how sure that is (0 to 1), the surest first.

        Raises:
            FacesUnknown: the network failed, or said what cannot be.
        """
        raise NotImplementedError
