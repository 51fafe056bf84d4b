"""The HTTP interface to cameras: how they are, what they show, what is drawn on their pictures, what they counted."""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from ioc.model.cameras import geometry_from_json, geometry_to_json
from ioc.model.instant import MILLISECOND, Instant, to_iso
from ioc.store.cameras import Cameras, CameraStatus, Drawing, DrawnMeanwhile
from ui.server import cameras_schemas as forms
from ui.server.answers import describe_answer, describe_errors, json_of
from ui.server.camera_day import bounds_of, counts_view, day_of
from ui.server.cameras import KnownCameras, camera_view, details_view, drawing_view, is_silent, now_view
from ui.server.live_pictures import LivePictures, shot_view
from ui.server.problems import Problem, unknown
from ui.server.views import NAMELESS
from ui.server.world import World

MOST_WATCHED: Final = 64
"""Cameras whose live pictures one page may ask for at once."""

DRAWINGS_SHOWN: Final = 20

JPEG: Final = "image/jpeg"

CameraId = Annotated[str, Path(description="The camera's id.", max_length=64, examples=["cam-gate-01"])]

_AWAY: Final = "The store does not answer. Ask again."
_UNKNOWN: Final = "There is no such camera."


def describe_jpeg(description: str) -> dict[int | str, dict[str, Any]]:
    """Describe a success that is a picture."""
    return {200: {"description": description, "content": {JPEG: {}}}}


def router(
    *,
    cameras: Cameras,
    known: KnownCameras,
    live: LivePictures,
    originals: bool,
    world: World,
    now: Callable[[], Instant],
) -> APIRouter:
    """Make the routes.

    Args:
        cameras: where drawings go and counts come from.
        known: what is answered from memory.
        live: the live pictures.
        originals: whether pictures are kept unblurred too.
        world: with the registry and the city's time zone.
        now: the wall clock.
    """
    api = APIRouter(prefix="/api/cameras", tags=["cameras"])

    def one(camera: str) -> CameraStatus:
        status = known.statuses.get(camera)
        if status is None:
            raise unknown(f"There is no camera {camera!r}.", "path: id", "the id of a camera, see GET /api/cameras")
        return status

    async def details(status: CameraStatus) -> Response:
        drawing = known.drawings.get(status.id)
        drawings = await cameras.drawings(status.id, DRAWINGS_SHOWN)
        view = camera_view(status, drawing, world, now())
        return json_of(view | {"live": None} | details_view(status, drawing, drawings))

    @api.get(
        "",
        summary="All cameras",
        responses=describe_answer(forms.CameraList, "How each is, and the live pictures that were asked for.")
        | describe_errors(e422="Too many cameras are watched at once."),
    )
    async def get_cameras(
        watch: Annotated[
            str,
            Query(
                description=f"Ids, parted by commas, of at most {MOST_WATCHED} cameras that somebody looks at now; "
                "for 5 s these make a live picture a second.",
                max_length=MOST_WATCHED * 65,
                examples=["cam-gate-01,cam-hill-02"],
            ),
        ] = "",
    ) -> Response:
        """The cameras whose video this program reads, by id; answered from memory."""
        wanted = dict.fromkeys(camera for camera in watch.split(",") if camera in known.statuses)
        if len(wanted) > MOST_WATCHED:
            raise Problem(
                422,
                "invalid",
                what=f"{len(wanted)} cameras are more than anybody looks at.",
                where="query: watch",
                expected=f"at most {MOST_WATCHED} ids, parted by commas",
            )
        await live.watch(wanted)
        taken = await asyncio.gather(*(live.shot(camera) for camera in wanted))
        shots = {camera: shot_view(camera, shot) for camera, shot in zip(wanted, taken, strict=True)}
        at = now()
        items = [
            camera_view(status, known.drawings.get(camera), world, at) | {"live": shots.get(camera)}
            for camera, status in known.statuses.items()
        ]
        return json_of(
            {
                "cameras": items,
                "total": len(items),
                "by_state": known.by_state(at),
                "originals": originals,
                "now": at // MILLISECOND,
            }
        )

    @api.get(
        "/{id}",
        summary="One camera",
        responses=describe_answer(forms.CameraDetails, "The camera with what was drawn on its picture.")
        | describe_errors(e404=_UNKNOWN, e422="The id is too long.", e503=_AWAY),
    )
    async def get_camera(id: CameraId) -> Response:  # noqa: A002 - the name in the path
        """A camera as lists show it, with what its configuration draws and the latest drawings of people."""
        return await details(one(id))

    @api.get(
        "/{id}/live",
        summary="What a camera shows now",
        responses=describe_answer(forms.CameraLive, "The latest picture, and what is to be drawn on it.")
        | describe_errors(e404=_UNKNOWN, e422="The id is too long."),
    )
    async def get_live(id: CameraId) -> Response:  # noqa: A002
        """Says that somebody looks at the camera, for 5 s; the first picture comes a second or two later."""
        status = one(id)
        await live.watch([id])
        at = now()
        return json_of(
            {
                "camera": id,
                "state": str(status.state),
                "sentence": status.sentence,
                "trouble": status.trouble,
                "silent": is_silent(status, at),
                **now_view(status),
                **shot_view(id, await live.shot(id)),
                "now": at // MILLISECOND,
            }
        )

    @api.get(
        "/{id}/live.jpg",
        summary="A camera's live picture",
        response_class=Response,
        responses=describe_jpeg("The latest picture, faces blurred.")
        | describe_errors(e404="There is no such camera, or no live picture of it now.", e422="The id is too long."),
    )
    async def get_live_picture(
        id: CameraId,  # noqa: A002
        at: Annotated[
            int | None, Query(description="Which one, as `live` told it; without it, the latest.", ge=0)
        ] = None,
    ) -> Response:
        """The picture that goes with the boxes of `live`; asking for it says that somebody looks at the camera."""
        status = one(id)
        await live.watch([id])
        shot = await live.shot(id, at)
        if shot.at is None:
            raise Problem(
                404,
                "no_picture",
                what=f"The camera {id!r} has no live picture now; its state is {status.state}.",
                where="path: id",
                expected="a camera that works and that somebody has watched for a second or two",
            )
        return Response(shot.jpeg, media_type=JPEG)

    @api.put(
        "/{id}/geometry",
        summary="Draw zones and lines",
        responses=describe_answer(forms.CameraDetails, "The camera with the new drawing.")
        | describe_errors(
            e400="The body cannot be read.",
            e403="It comes from a page of another origin.",
            e404=_UNKNOWN,
            e413="The body is larger than 64 KiB; write places with four digits.",
            e422="What was drawn cannot be used, or a field is missing or too long; the body says which part.",
            e503=_AWAY,
        )
        | {409: {"model": forms.DrawingErrorBody, "description": "Somebody else has drawn meanwhile."}},
    )
    async def put_geometry(id: CameraId, said: forms.DrawRequest) -> Response:  # noqa: A002
        """Puts the region, zones and lines of a camera in force within a second or two."""
        status = one(id)
        try:
            geometry = None if said.geometry is None else geometry_from_json(said.geometry)
        except ValueError as error:
            raise Problem(
                422,
                "geometry",
                what=f"{str(error)[:1].upper()}{str(error)[1:]}.",
                where="body: geometry",
                expected="region, zones and lines as docs/http.md shows them",
            ) from error
        try:
            drawing = await cameras.draw(id, geometry, who=said.who, at=now(), note=said.note, revision=said.revision)
        except DrawnMeanwhile as error:
            raise _drawn_meanwhile(id, error.holds) from error
        # Whoever asks next sees it: the store's word comes a moment later.
        known.drawings[id] = drawing
        return await details(status)

    @api.get(
        "/{id}/counts",
        summary="What a camera counted",
        responses=describe_answer(forms.CameraCounts, "Numbers by quarter hour over a day.")
        | describe_errors(e404=_UNKNOWN, e422="There is no such day.", e503=_AWAY),
    )
    async def get_counts(
        id: CameraId,  # noqa: A002
        day: Annotated[
            date | None, Query(description="A day where the city is; today where not given.", examples=["2026-11-22"])
        ] = None,
    ) -> Response:
        """Objects by label, in the picture, in its zones and over its lines; kept for 35 days."""
        status = one(id)
        timezone = (world.city or NAMELESS).timezone
        shown = day or day_of(now(), timezone)
        try:
            since, until = bounds_of(shown, timezone)
        except ValueError as error:
            raise Problem(
                422, "invalid", what=f"{error}.", where="query: day", expected="a day such as 2026-11-22"
            ) from error
        drawing = known.drawings.get(id)
        geometry = status.file_geometry if drawing is None or drawing.geometry is None else drawing.geometry
        rows = counts_view(await cameras.counts(id, since, until), since, until, geometry)
        head = {"camera": id, "day": shown.isoformat(), "timezone": timezone, "now": now() // MILLISECOND}
        return json_of(head | rows)

    return api


def _drawn_meanwhile(camera: str, holds: Drawing | None) -> Problem:
    where = f"as GET /api/cameras/{camera} shows it"
    if holds is None:
        return Problem(
            409,
            "other_drawing",
            what="The drawing that this one began with is not known any more.",
            where="body: revision",
            expected=f"revision 0, {where}",
            more={"drawn": None},
        )
    geometry = None if holds.geometry is None else geometry_to_json(holds.geometry)
    return Problem(
        409,
        "other_drawing",
        what=f"{holds.who} has drawn on this camera's picture meanwhile, at {to_iso(holds.at)}.",
        where="body: revision",
        expected=f"the drawing that holds, revision {holds.revision}, {where}",
        more={"drawn": drawing_view(holds) | {"geometry": geometry}},
    )
