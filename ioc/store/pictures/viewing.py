"""Looking at an original: first it is written down who looks and why, then the picture is given."""

import asyncio

from ioc.model.instant import Instant
from ioc.store.audit import AuditLog
from ioc.store.pictures.names import PictureName
from ioc.store.pictures.originals import Originals

WHAT: str = "original seen"
"""What the audit log calls it."""


async def view_original(
    originals: Originals, audit: AuditLog, picture_id: str, *, who: str, reason: str, at: Instant
) -> bytes:
    """Give an unblurred picture to a person.

    The entry in the log comes first: where the log cannot be written, nobody sees anything. An entry says that
    somebody asked; that the picture was gone by then does not take it back.

    Args:
        originals: where they are.
        audit: where it is written down.
        picture_id: of the blurred picture.
        who: the person.
        reason: in the person's own words.
        at: now, µs since 1970.

    Raises:
        ValueError: no picture's id, or no name or reason given.
        PictureGone: it is not kept any more, or never was.
        Fault: it cannot be decrypted.
        StoreUnavailable: the log cannot be written now.
    """
    name = PictureName.read(picture_id)
    await audit.append(who=who, what=WHAT, subject=str(name), reason=reason, at=at)
    return await asyncio.to_thread(originals.read, picture_id)
