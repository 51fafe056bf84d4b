"""The HTTP interface to pictures: what events carry, and for whom the city allows it, the same with faces."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response

from ioc.model.faults import Fault
from ioc.model.instant import DAY, SECOND, Instant
from ioc.store.audit import AuditLog
from ioc.store.pictures.folder import PictureFolder, PictureGone
from ioc.store.pictures.names import PictureName
from ioc.store.pictures.originals import Originals
from ioc.store.pictures.viewing import view_original
from ui.server import cameras_schemas as forms
from ui.server.answers import describe_errors
from ui.server.cameras import box_sides
from ui.server.cameras_api import JPEG, describe_jpeg
from ui.server.problems import Problem, unknown

PICTURES_SHOWN: Final = 6
"""Pictures of one incident that its panel shows."""

LONGEST_KEPT_S: Final = DAY // SECOND
"""Seconds that a browser may keep a picture at most."""

_NO_FOLDER: Final = "This server was started without the folder of pictures."

PictureId = Annotated[
    str,
    Path(
        description="The picture's id, as an event or an incident has it.",
        max_length=128,
        examples=["person/2026-11-22/cam-1-1795309200123-ab12cd34.jpg"],
    ),
]


def router(
    *, pictures: PictureFolder | None, originals: Originals | None, audit: AuditLog, now: Callable[[], Instant]
) -> APIRouter:
    """Make the routes.

    Args:
        pictures: where they are; None where this server has none, and all routes answer 501.
        originals: the same with faces; None where the city keeps none.
        audit: where it is written down who looks at these.
        now: the wall clock.
    """
    api = APIRouter(prefix="/api/pictures", tags=["pictures"])

    @api.get(
        "/{id:path}",
        summary="A picture",
        response_class=Response,
        responses=describe_jpeg("The picture, faces blurred.")
        | describe_errors(
            e404="There is no such picture, or it is not kept any more; the body says for how long it was.",
            e422="The id is too long.",
            e501=_NO_FOLDER,
            e503="The picture is there and cannot be read.",
        ),
    )
    async def get_picture(id: PictureId) -> Response:  # noqa: A002 - the name in the path
        """The picture that an event carries; a browser may keep it for as long as it is kept here, a day at most."""
        folder, name = _folder(pictures), _name(id)
        try:
            jpeg = await asyncio.to_thread(folder.read, str(name))
        except PictureGone as gone:
            raise _gone(gone) from gone
        except OSError as error:
            raise Problem(
                503,
                "unreadable",
                what=f"The picture is there and cannot be read: {error.strerror}.",
                where="path: id",
                expected="a folder of pictures that this server may read; ask again when it may",
            ) from error
        left = (name.at - now()) // SECOND + round(folder.days_kept(name.picture_class) * LONGEST_KEPT_S)
        keep = f"private, max-age={min(LONGEST_KEPT_S, max(0, left))}, immutable"
        return Response(jpeg, media_type=JPEG, headers={"cache-control": keep})

    @api.post(
        "/{id:path}/original",
        summary="A picture with faces",
        response_class=Response,
        responses=describe_jpeg("The picture before faces were blurred.")
        | describe_errors(
            e400="The body cannot be read.",
            e403="The city keeps no such pictures, or the request comes from a page of another origin.",
            e404="There is no such picture, or it is not kept any more.",
            e413="The body is larger than 64 KiB.",
            e422="A field is missing, too long, or not plain text, or the picture cannot be read.",
            e501=_NO_FOLDER,
            e503="It cannot be written down who looks; nothing was given. Ask again.",
        ),
    )
    async def post_original(id: PictureId, said: forms.OriginalRequest) -> Response:  # noqa: A002
        """Writes into the audit log who looks and why, then gives the picture as the camera took it."""
        _folder(pictures)
        name = _name(id)
        if originals is None:
            raise Problem(
                403,
                "no_originals",
                what="The city keeps no pictures with faces in them.",
                where=f"/api/pictures/{name}/original",
                expected="the picture itself, faces blurred; pictures.originals in the configuration changes that",
            )
        try:
            jpeg = await view_original(originals, audit, str(name), who=said.who, reason=said.reason, at=now())
        except PictureGone as gone:
            raise _gone(gone) from gone
        except (Fault, OSError) as error:
            what = str(error) if isinstance(error, Fault) else f"The original cannot be read: {error.strerror}."
            raise Problem(
                422, "original", what=what, where="path: id", expected="an original that this server can read"
            ) from error
        return Response(jpeg, media_type=JPEG, headers={"cache-control": "no-store"})

    return api


def pictures_of(evidence: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Find the pictures that an incident's evidence carries: of ours, newest first, each once.

    Args:
        evidence: Event JSON.
    """
    found: dict[str, dict[str, Any]] = {}
    for event in evidence:
        values = event.get("values") or {}
        picture = values.get("picture")
        if isinstance(picture, str) and _is_name(picture):
            found[picture] = {
                "id": picture,
                "asset": event.get("asset"),
                "at": event.get("at"),
                "box": box_sides(values.get("box")),
            }
    newest = sorted(found.values(), key=lambda each: (each["at"] or 0, each["id"]), reverse=True)
    return newest[:PICTURES_SHOWN]


def _folder(pictures: PictureFolder | None) -> PictureFolder:
    if pictures is None:
        raise Problem(
            501,
            "no_pictures",
            what=_NO_FOLDER,
            where="/api/pictures",
            expected="a server that was started by ioc run or ioc demo",
        )
    return pictures


def _name(text: str) -> PictureName:
    try:
        return PictureName.read(text)
    except ValueError as error:
        raise unknown(
            f"There is no picture {text[:128]!r}.", "path: id", "the id of a picture, as an event or an incident has it"
        ) from error


def _is_name(text: str) -> bool:
    try:
        PictureName.read(text)
    except ValueError:
        return False
    return True


def _gone(gone: PictureGone) -> Problem:
    return Problem(
        404,
        "gone",
        what=str(gone),
        where="path: id",
        expected="a picture that is younger, or of an incident that is open",
    )
