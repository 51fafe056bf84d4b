"""What stays the same of a view when only its light changes: where its edges are, and how sharp they are."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from ingest.vision.looks.contract import Grey

Field = npt.NDArray[np.float32]

_LIGHT_FREE: Final = np.round(255 * np.log1p(np.arange(256) / 8) / np.log1p(255 / 8)).astype(np.uint8)
"""The logarithm of brightness: in it, twice the light moves an edge's two sides alike, and leaves the edge."""

_STRONGEST: Final = 40.0
_GRID: Final = (20, 12)
"""Columns and rows of the coarse fields."""
_CELLS: Final = 4
"""Cells along each side in which edges are compared, so that a crowd or a lorry does not decide for all."""
_TEXTURED: Final = 3.0
"""Mean strength of edges from which a block of the grid is more than noise."""
_SAME_EDGES: Final = 0.4
"""Correlation of a cell's edges from which they are the same ones; shifted by 5 % of the picture it is about 0.1."""
_SHOWS: Final = 0.1
"""Deviation of a cell's edges from which it has any."""
_CONTRAST: Final = 2.0
"""Levels of detail, on the mean around a place, from which its sharpness can be told."""
_NOISE_EDGES: Final = 1.24
"""Strength of the edges that noise alone has, for each level by which it makes two pictures differ."""
_NOISE_PART: Final = 0.78
"""Share of white noise's variance that is left when a Gaussian blur of 1 pixel is taken from it."""


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One picture without its light.

    Attributes:
        edges: where edges are, a quarter of the picture's size; about 1 on the mean around every place.
        texture: strength of the edges in each block of a grid.
        shades: logarithm of the brightness of each block.
        sharpness: energy of the finest details as a share of that of the next coarser ones; None where there are too
            few to say.
    """

    edges: Field
    texture: Field
    shades: Field
    sharpness: float | None

    @classmethod
    def of(cls, grey: Grey, before: Grey) -> "Structure":
        """Find it.

        Args:
            grey: the picture.
            before: the one before it, of the same size; what differs between the two says how much noise there is.
        """
        height, width = grey.shape
        light_free = cv2.GaussianBlur(cv2.LUT(grey, _LIGHT_FREE), (3, 3), 0)
        earlier = cv2.GaussianBlur(cv2.LUT(before, _LIGHT_FREE), (3, 3), 0)
        across = cv2.Sobel(light_free, cv2.CV_32F, 1, 0, scale=0.25)
        down = cv2.Sobel(light_free, cv2.CV_32F, 0, 1, scale=0.25)
        strength = np.minimum(cv2.magnitude(across, down), np.float32(_STRONGEST))
        # Blurred by 2 pixels, so that a mast may sway by as many.
        spread = cv2.resize(
            cv2.GaussianBlur(strength, (0, 0), 2), (max(8, width // 4), max(8, height // 4)), None, 0, 0, cv2.INTER_AREA
        )
        edges = spread / (cv2.blur(spread, (17, 17)) + 2)
        noise = cv2.resize(cv2.absdiff(light_free, earlier), _GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
        # What moves differs too; it stands in few blocks, noise in all.
        noise = np.minimum(noise, 2 * np.median(noise))
        texture = np.maximum(cv2.resize(strength, _GRID, interpolation=cv2.INTER_AREA) - _NOISE_EDGES * noise, 0)
        shades = cv2.resize(light_free, _GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
        return cls(np.asarray(edges, np.float32), np.asarray(texture, np.float32), shades, _sharpness(grey, before))

    def mixed(self, other: "Structure", share: float) -> "Structure":
        """Move it towards another one by a share, 0 to 1."""

        def blend(mine: Field, theirs: Field) -> Field:
            return np.asarray(cv2.addWeighted(mine, 1 - share, theirs, share, 0), np.float32)

        sharpness = other.sharpness if self.sharpness is None else self.sharpness
        if sharpness is not None and other.sharpness is not None:
            sharpness += share * (other.sharpness - sharpness)
        return Structure(
            blend(self.edges, other.edges),
            blend(self.texture, other.texture),
            blend(self.shades, other.shades),
            sharpness,
        )

    @property
    def textured(self) -> float:
        """Share of the picture that shows anything."""
        return float(np.mean(self.texture > _TEXTURED))

    def kept(self, now: "Structure") -> float:
        """Say in what share of the view's cells edges are where they were, 0 to 1; 1 where it had none."""
        mine, theirs = _cells(self.edges), _cells(now.edges)
        strength = np.sqrt(np.mean(mine * mine, axis=1))
        together = np.mean(mine * theirs, axis=1) / np.maximum(
            strength * np.sqrt(np.mean(theirs * theirs, axis=1)), 1e-6
        )
        shows = strength >= _SHOWS
        return float(np.mean(together[shows] >= _SAME_EDGES)) if shows.any() else 1.0

    def lost(self, now: "Structure") -> float:
        """Say what share of the view's textured blocks have lost their texture, 0 to 1."""
        had = self.texture > _TEXTURED
        missed = had & (now.texture < 0.3 * self.texture)
        return float(np.sum(missed)) / max(1.0, float(np.sum(had)))

    def shaded_alike(self, now: "Structure") -> float:
        """Correlate what is light and what is dark, -1 to 1; a blur leaves it, a cloth does not."""
        return correlation(self.shades, now.shades)


def correlation(one: Field, other: Field) -> float:
    """Correlate two fields of the same shape, -1 to 1; 0 where one of them is flat."""
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt(np.sum(one * one) * np.sum(other * other)))
    return float(np.sum(one * other)) / scale if scale > 1e-6 else 0.0


def _cells(edges: Field) -> Field:
    """Cut a field into cells, one a row, each less its mean."""
    height, width = edges.shape[0] // _CELLS, edges.shape[1] // _CELLS
    cut = edges[: _CELLS * height, : _CELLS * width].reshape(_CELLS, height, _CELLS, width)
    cells = cut.swapaxes(1, 2).reshape(_CELLS * _CELLS, height * width)
    return np.asarray(cells - cells.mean(axis=1, keepdims=True), np.float32)


def _sharpness(grey: Grey, before: Grey) -> float | None:
    fine = cv2.GaussianBlur(grey, (0, 0), 1)
    coarse = cv2.GaussianBlur(fine, (0, 0), 2.83)  # together 3 pixels
    shapes = cv2.blur(cv2.absdiff(fine, coarse), (15, 15))
    there = cv2.threshold(shapes, _CONTRAST, 255, cv2.THRESH_BINARY)[1]
    pixels = cv2.countNonZero(there)
    if pixels < 0.01 * grey.size:
        return None
    # Most of a picture stands still, so that the median is the noise's: 0.6745 of its deviation, twice its variance.
    noise = (float(np.median(cv2.absdiff(grey[::2, ::2], before[::2, ::2]))) / 0.6745) ** 2 / 2
    details = cv2.norm(grey, fine, cv2.NORM_L2SQR, there) / pixels
    return max(0.0, details - _NOISE_PART * noise) / (cv2.norm(fine, coarse, cv2.NORM_L2SQR, there) / pixels)
