"""Names of pictures: they say what a picture shows, of which camera it is and when it was taken, and never lead out."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from ioc.model.instant import LATEST, MILLISECOND, SECOND, Instant

_ASSET: Final = r"[A-Za-z0-9._:-]{1,64}"
_CLASS: Final = r"[a-z]{1,16}"
_ID: Final = re.compile(rf"({_CLASS})/(\d{{4}}-\d\d-\d\d)/({_ASSET})-(\d{{1,15}})-([0-9a-f]{{8}})\.jpg", re.ASCII)
LIVE: Final = "live"
ORIGINALS: Final = "originals"
_RESERVED: Final = frozenset((LIVE, ORIGINALS))
"""Folders beside those of the classes."""


@dataclass(frozen=True, slots=True)
class PictureName:
    """The name of one picture, `person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg` when written.

    Attributes:
        picture_class: what it shows, which decides how long it is kept.
        asset: the camera.
        at: when it was taken, to the millisecond.
        mark: eight hexadecimal digits that tell pictures of the same moment apart, and that nobody can guess.
    """

    picture_class: str
    asset: str
    at: Instant
    mark: str

    @classmethod
    def new(cls, picture_class: str, asset: str, at: Instant) -> "PictureName":
        """Name a picture that is about to be written.

        Raises:
            ValueError: a class, an asset or a time that no name can hold.
        """
        if not re.fullmatch(_CLASS, picture_class) or picture_class in _RESERVED:
            raise ValueError(f"{picture_class!r} is no class of pictures; expected up to 16 small letters")
        if not 0 <= at <= LATEST:
            raise ValueError(f"{at} is a time outside the years 1970 to 9999")
        return cls(picture_class, checked_asset(asset), at - at % MILLISECOND, secrets.token_hex(4))

    @classmethod
    def read(cls, text: str) -> "PictureName":
        """Read what `str` has written, and nothing else.

        Raises:
            ValueError: it is no picture's name.
        """
        found = _ID.fullmatch(text)
        if found is not None and found[1] not in _RESERVED:
            name = cls(found[1], found[3], int(found[4]) * MILLISECOND, found[5])
            if name.at <= LATEST and str(name) == text:
                return name
        raise ValueError(
            f"{text[:200]!r} is no picture's name, such as person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg"
        )

    @property
    def day(self) -> str:
        """The day on which it was taken, UTC."""
        return datetime.fromtimestamp(self.at // SECOND, UTC).date().isoformat()

    @property
    def path(self) -> PurePosixPath:
        """Where it lies below the folder of pictures."""
        return PurePosixPath(str(self))

    def __str__(self) -> str:
        """Write it."""
        return f"{self.picture_class}/{self.day}/{self.asset}-{self.at // MILLISECOND}-{self.mark}.jpg"


def checked_asset(asset: str) -> str:
    """Give a camera's asset id again, if it can be part of a file's name.

    Raises:
        ValueError: it cannot.
    """
    if not re.fullmatch(_ASSET, asset, re.ASCII):
        raise ValueError(f"{asset[:200]!r} is no camera's id; expected 1 to 64 letters, digits and . _ : -")
    return asset
