"""The HTTP interface to devices, to what could not be read, and to trying codecs on it."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from ioc.model.events import RawMessage
from ioc.model.faults import Fault
from ioc.model.gaps import Gap
from ioc.model.instant import MILLISECOND, Instant, whole_milliseconds
from ioc.model.kinds import Kind
from ioc.store.gaps import Gaps
from ui.server import schemas
from ui.server.answers import BLANK_IS_ALL, describe_answer, describe_errors, json_of
from ui.server.codec_trial import TryCodec
from ui.server.devices import DeviceFilter, DeviceOrder, Devices, DeviceStatus, page_of
from ui.server.problems import Problem, unknown
from ui.server.rejections import SHOWN, Rejections, matching, of_device, view

GAPS_SHOWN: Final = 50
REJECTED_SHOWN: Final = 10
"""Of one device, how many of each are answered."""

GAPS_LOOKED_AT: Final = 2_000

SLOWEST_TRIAL_S: Final = 10.0
"""Seconds that a codec may take on one message before the page stops waiting."""

_AWAY: Final = "The store does not answer. Ask again."

DeviceId = Annotated[
    str, Path(description="The asset's id; it may have slashes in it.", max_length=256, examples=["cam-17"])
]
Words = Annotated[str, Query(description="Words that all must occur; accents do not matter.", max_length=200)]
Sort = Annotated[
    str,
    Query(
        description="What to sort by; a minus before it turns the order around. "
        f"One of {', '.join(DeviceOrder)}; by status, those that need people come first.",
        pattern=f"^-?({'|'.join(DeviceOrder)})$",
        examples=["status", "-gaps"],
    ),
]


def router(
    *,
    devices: Devices,
    rejections: Rejections,
    gaps: Gaps,
    try_codec: TryCodec | None,
    now: Callable[[], Instant],
) -> APIRouter:
    """Make the routes.

    Args:
        devices: what is known of devices.
        rejections: what could not be read.
        gaps: what of the devices' messages never arrived.
        try_codec: tries codecs; None where this server has none.
        now: the wall clock.
    """
    api = APIRouter(prefix="/api")
    trying = asyncio.Lock()

    @api.get(
        "/devices",
        tags=["devices"],
        summary="Find devices",
        responses=describe_answer(schemas.DeviceList, "One page of the devices that fit.")
        | describe_errors(e422="A filter has a value that does not exist; the body names those that do."),
    )
    async def get_devices(
        q: Words = "",
        kind: Annotated[Kind | None, BLANK_IS_ALL, Query(description="Only those of this kind.")] = None,
        status: Annotated[DeviceStatus | None, BLANK_IS_ALL, Query(description="Only those that stand so.")] = None,
        codec: Annotated[
            str | None, Query(description="Only those whose last event it read.", max_length=64), BLANK_IS_ALL
        ] = None,
        registered: Annotated[
            bool | None, BLANK_IS_ALL, Query(description="Only those in the registry, or only the others.")
        ] = None,
        sort: Sort = "status",
        offset: Annotated[int, Query(description="How many to leave out.", ge=0, le=10_000_000)] = 0,
        limit: Annotated[int, Query(description="How many to answer at most.", ge=0, le=500)] = 100,
    ) -> Response:
        """Every asset, registered or only heard of, as it stood at most a second ago."""
        wanted = DeviceFilter(q, kind, status, codec, registered)
        by = DeviceOrder(sort.removeprefix("-"))
        found = devices.find(wanted, by, descending=sort.startswith("-"))
        return json_of(
            {
                "devices": [devices.view(device) for device in page_of(found, offset, limit)],
                "total": len(found.devices),
                "by_status": {str(name): count for name, count in found.by_status.items()},
                "known": devices.count,
                "codecs": devices.codecs(),
                "now": now() // MILLISECOND,
            }
        )

    @api.get(
        "/devices/{id:path}",
        tags=["devices"],
        summary="One device",
        responses=describe_answer(schemas.DeviceDetails, "The device with its values, gaps and refused messages.")
        | describe_errors(e404="Nothing is known of such a device.", e422="The id is too long.", e503=_AWAY),
    )
    async def get_device(id: DeviceId) -> Response:  # noqa: A002 - the name in the path
        """A device with the latest of what it said, of what was lost of it, and of what nobody could read."""
        device = devices.one(id)
        if device is None:
            raise unknown(
                f"Nothing is known of a device {id!r}.", "path: id", "the id of a device, see GET /api/devices"
            )
        lost = [gap for gap in await gaps.latest(GAPS_LOOKED_AT) if gap.asset == id]
        refused = of_device(await rejections.groups(), id)
        more = {
            "values": {} if device.state is None else device.state.values,
            "missing": [_gap(gap) for gap in lost[:GAPS_SHOWN]],
            "rejected": [view(group) for group in refused[:REJECTED_SHOWN]],
        }
        return json_of(devices.view(device) | more)

    @api.get(
        "/rejected",
        tags=["rejected"],
        summary="What could not be read",
        responses=describe_answer(schemas.RejectedList, "The groups, the latest first.")
        | describe_errors(e422="A filter is too long.", e503=_AWAY),
    )
    async def get_rejected(
        q: Words = "",
        codec: Annotated[
            str | None,
            Query(description="Only what this codec refused; empty: what no codec took.", max_length=64),
        ] = None,
        limit: Annotated[int, Query(description="How many groups to answer at most.", ge=0, le=SHOWN)] = 200,
    ) -> Response:
        """The messages that are kept of those that could not be read, those of one topic and reason together."""
        groups = await rejections.groups()
        found = matching(groups, q, codec)
        return json_of(
            {
                "groups": [view(group) for group in found[:limit]],
                "total": len(found),
                "messages": sum(group.count for group in found),
                "kept": rejections.kept,
                "codecs": sorted({group.latest.codec or "" for group in groups}),
                "now": now() // MILLISECOND,
            }
        )

    @api.post(
        "/codecs/try",
        tags=["rejected"],
        summary="Try codecs on a message",
        responses=describe_answer(schemas.CodecTrial, "What every step made of it.")
        | describe_errors(
            e400="The body cannot be read.",
            e403="It comes from a page of another origin.",
            e413="The body is larger than 64 KiB.",
            e422="A field is missing or too long, or the codec has a mistake; the body says where.",
            e501="This server was started without the codecs.",
            e503="A codec took too long on it.",
        ),
    )
    async def post_codec_trial(said: schemas.CodecTrialRequest) -> Response:
        """Reads the message with the installed codecs, or with a given one before them; nothing of it is kept."""
        if try_codec is None:
            raise Problem(
                501,
                "no_codecs",
                what="This server has no codecs to try: it was started without ingest's.",
                where="/api/codecs/try",
                expected="a server that was started by ioc run or ioc demo, or the command ioc codec try",
            )
        message = RawMessage(said.topic, _payload(said), now(), said.retained)
        async with trying:
            try:
                async with asyncio.timeout(SLOWEST_TRIAL_S):
                    tried = await asyncio.to_thread(try_codec, message, said.codec)
            except Fault as fault:
                raise Problem(
                    422,
                    "codec",
                    what=str(fault),
                    where="body: codec",
                    expected="a codec as docs/codecs.md describes it",
                ) from fault
            except TimeoutError:
                raise Problem(
                    503,
                    "too_slow",
                    what=f"The codec was still busy with this message after {SLOWEST_TRIAL_S:.0f} s.",
                    where="body: codec",
                    expected="a pattern that does not go back and forth over the same text",
                ) from None
        return json_of(tried)

    return api


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "boot": gap.boot,
        "first": gap.first,
        "last": gap.last,
        "count": gap.missing,
        "at": whole_milliseconds(gap.at),
    }


def _payload(said: schemas.CodecTrialRequest) -> bytes:
    if said.encoding == "text":
        return said.payload.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(said.payload, validate=True)
    except binascii.Error as error:
        raise Problem(
            422,
            "invalid",
            what=f"The payload is not base64: {error}.",
            where="body: payload",
            expected="base64 without spaces, or encoding: text",
        ) from error
