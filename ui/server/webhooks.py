"""Webhooks: what systems report over HTTP is kept as it came, for ingest to read; nothing of it is decoded here."""

import asyncio
import hmac
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Path, Request, Response
from starlette.requests import ClientDisconnect

from ioc.model.faults import Fault
from ioc.model.instant import Instant
from ioc.runtime.logging import Log
from ioc.store.inbox import InboxFull, MessageInbox
from ui.server import schemas
from ui.server.guard import WEBHOOKS
from ui.server.problems import Problem, unknown
from ui.server.webhook_settings import SHORTEST_TOKEN, WebhookSettings

BODY_S: Final = 10.0
"""Seconds that a body may take to come."""

AT_ONCE: Final = 32
"""Bodies that are read at the same time; with the largest `max_bytes` these are 32 MB."""

_TEXTS: Final = frozenset(("application/json", "application/xml", "application/x-ndjson", "application/octet-stream"))
_FORM: Final = "application/x-www-form-urlencoded"
_CHARSETS: Final = frozenset(("utf-8", "utf8", "us-ascii"))

_LOG = Log("ui")

_PATTERN: Final = r"^[A-Za-z0-9._:-]+$"

CodecName = Annotated[str, Path(description="The codec that reads it.", max_length=64, pattern=_PATTERN)]
SourceName = Annotated[str, Path(description="The system that reports.", max_length=64, pattern=_PATTERN)]


@dataclass(frozen=True, slots=True)
class Door:
    """One system that may report.

    Attributes:
        digest: of its token; the token itself is not kept.
        topic: under which the codecs find what it says. A broker delivers no such topic, so that nobody can
            pretend over MQTT to be this system.
    """

    source: str
    codec: str
    digest: bytes
    max_bytes: int
    token_in_url: bool

    @property
    def topic(self) -> str:
        """Name the topic."""
        return f"$in/{self.codec}/{self.source}"


class Doors:
    """Who may report, and with which token."""

    def __init__(self, webhooks: Iterable[WebhookSettings]) -> None:
        """Read the tokens.

        Raises:
            Fault: a token's file cannot be used, or two systems have the same name for the same codec.
        """
        self._doors: dict[str, dict[str, Door]] = {}
        for settings in webhooks:
            doors = self._doors.setdefault(settings.codec, {})
            if settings.source in doors:
                raise Fault(f"ui.webhooks: the source {settings.source!r} of {settings.codec!r} stands there twice")
            doors[settings.source] = Door(
                settings.source, settings.codec, _digest(_token(settings)), settings.max_bytes, settings.token_in_url
            )

    def admit(self, codec: str, source: str | None, headers: Mapping[str, str], query: Mapping[str, str]) -> Door:
        """Find out who asks, by the token.

        Raises:
            Problem: nobody reports there (404), there is no token (401), or it is not the right one (403).
        """
        doors = self._doors.get(codec)
        if doors is None:
            raise unknown(f"No system reports by the codec {codec!r}.", "path: codec", "one listed in ui.webhooks")
        if source is not None and source not in doors:
            raise unknown(
                f"{source!r} does not report by the codec {codec!r}.", "path: source", "a source of ui.webhooks"
            )
        candidates = list(doors.values()) if source is None else [doors[source]]
        in_header = _header_token(headers)
        in_url = query.get("token")
        found: Door | None = None
        given = False
        for door in candidates:
            token = in_header if in_header is not None else in_url if door.token_in_url else None
            given = given or token is not None
            # All are compared, and each in the same time, so that the time says nothing.
            if token is not None and hmac.compare_digest(door.digest, _digest(token)):
                found = door
        if found is not None:
            return found
        if not given:
            raise Problem(
                401,
                "token_missing",
                what="Whoever reports here must say who they are.",
                where="header: Authorization",
                expected="Authorization: Bearer <token>, or X-Auth-Token: <token>",
            )
        raise Problem(
            403,
            "token_wrong",
            what="That is not the token of a system that reports here.",
            where="header: Authorization",
            expected="the token that the configuration gives this source",
        )


class Deliveries:
    """How many reports came of each source, by what became of them."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.counts: dict[tuple[str, ...], float] = {}

    def count(self, codec: str, source: str, outcome: str) -> None:
        """Count one."""
        key = codec, source, outcome
        self.counts[key] = self.counts.get(key, 0) + 1


def router(
    *, inbox: MessageInbox, webhooks: Iterable[WebhookSettings], now: Callable[[], Instant], deliveries: Deliveries
) -> APIRouter:
    """Make the routes.

    Args:
        inbox: where reports are kept.
        webhooks: who may report.
        now: the wall clock.
        deliveries: counts what comes.

    Raises:
        Fault: see `Doors`.
    """
    api = APIRouter(prefix=WEBHOOKS.rstrip("/"))
    doors = Doors(webhooks)
    reading = asyncio.Semaphore(AT_ONCE)
    answers: dict[int | str, dict[str, Any]] = {
        status: {"model": schemas.ErrorBody, "description": text}
        for status, text in {
            400: "The body is empty or cannot be unpacked.",
            401: "There is no token.",
            403: "The token is wrong, or the request comes from a page of another origin.",
            404: "Nobody reports there.",
            408: "The body did not come in time.",
            413: "The body is larger than this source may send.",
            415: "The body is of a kind that is not read.",
            422: "The path holds what is no name.",
            421: "The server was asked under a name that is not its own.",
            503: "The store is away or full; nothing was kept. Send it again after Retry-After seconds.",
        }.items()
    }
    answers[202] = {"model": schemas.Delivered, "description": "The store has it; it will be read, once."}

    described: dict[str, Any] = {
        "status_code": 202,
        "responses": answers,
        "openapi_extra": {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string"}}}}},
    }

    async def take(request: Request, codec: str, source: str | None) -> Response:
        door = doors.admit(codec, source, request.headers, request.query_params)
        try:
            decoded = _read_kind(request.headers)
            if reading.locked():
                raise _busy("Too many reports come at once.", request.url.path)
            async with reading:
                payload = decoded(await _body(request, door.max_bytes), door.max_bytes)
                position = await inbox.keep(door.topic, payload, now())
        except InboxFull:
            deliveries.count(door.codec, door.source, "full")
            _LOG.warning("a report is refused: too much waits for ingest", codec=door.codec, source=door.source)
            raise _busy("Too much waits to be read.", request.url.path) from None
        except Problem:
            deliveries.count(door.codec, door.source, "refused")
            raise
        deliveries.count(door.codec, door.source, "kept")
        return Response(msgspec.json.encode({"kept": True, "position": position}), 202, media_type="application/json")

    @api.post("/{codec}", tags=["webhooks"], summary="Report by a codec", **described)
    async def post_to_codec(request: Request, codec: CodecName) -> Response:
        """Keeps the body as it is; the token says which source it comes from."""
        return await take(request, codec, None)

    @api.post("/{codec}/{source}", tags=["webhooks"], summary="Report as a source", **described)
    async def post_to_source(request: Request, codec: CodecName, source: SourceName) -> Response:
        """Keeps the body as it is, under the source's own name."""
        return await take(request, codec, source)

    return api


async def _body(request: Request, most: int) -> bytes:
    """Read the body, and no more of it than the source may send."""
    length = request.headers.get("content-length")
    if length is not None and (not length.isdecimal() or int(length) > most):
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _too_large(most)
                parts.append(part)
    except TimeoutError:
        raise Problem(
            408, "late", what="The body did not come in time.", where="body", expected=f"within {BODY_S:.0f} s"
        ) from None
    except ClientDisconnect:
        raise Problem(400, "request", what="The sender has gone.", where="body", expected="the whole body") from None
    if not size:
        raise Problem(400, "request", what="There is nothing in it.", where="body", expected="a report")
    return b"".join(parts)


def _read_kind(headers: Mapping[str, str]) -> Callable[[bytes, int], bytes]:
    """Say how a body becomes the payload that codecs read.

    Raises:
        Problem: it is of a kind that is not read (415).
    """
    kind, _, rest = headers.get("content-type", "application/octet-stream").partition(";")
    kind = kind.strip().lower()
    parameters = dict(part.strip().lower().split("=", 1) for part in rest.split(";") if "=" in part)
    charset = parameters.get("charset", "utf-8").strip('"')
    known = kind in _TEXTS or kind == _FORM or kind.startswith("text/") or kind.endswith(("+json", "+xml"))
    if not known or charset not in _CHARSETS:
        raise Problem(
            415,
            "kind",
            what="A body of that kind is not read.",
            where="header: Content-Type",
            expected="JSON, XML, text or a form, in UTF-8",
        )
    packing = headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip"):
        raise Problem(
            415,
            "kind",
            what="A body packed so is not read.",
            where="header: Content-Encoding",
            expected="gzip or none",
        )

    def decoded(body: bytes, most: int) -> bytes:
        plain = body if packing == "identity" else _unpacked(body, most)
        return _form(plain) if kind == _FORM else plain

    return decoded


def _unpacked(body: bytes, most: int) -> bytes:
    """Unpack gzip, and no more of it than the source may send: a kilobyte can stand for a gigabyte."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error:
        plain = b""
    if len(plain) > most:
        raise _too_large(most)
    if not unpacker.eof or not plain:
        raise Problem(400, "request", what="The body is not whole gzip.", where="body", expected="gzip, complete")
    return plain


def _form(body: bytes) -> bytes:
    """Write a form as JSON, so that codecs can read it; a name that comes again is an array."""
    fields: dict[str, str | list[str]] = {}
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=1_000)
    except ValueError:
        raise Problem(400, "request", what="The form cannot be read.", where="body", expected="name=value&…") from None
    for name, value in pairs:
        before = fields.get(name)
        fields[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    return msgspec.json.encode(fields)


def _header_token(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-auth-token")


def _token(settings: WebhookSettings) -> str:
    if settings.token is not None:
        return settings.token
    path = settings.token_file
    try:
        token = "" if path is None else path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"ui.webhooks: the token of {settings.source!r} cannot be read from {path}: {error}") from error
    if len(token) < SHORTEST_TOKEN:
        raise Fault(
            f"ui.webhooks: the token in {path} has {len(token)} characters; at least {SHORTEST_TOKEN} are needed"
        )
    return token


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _too_large(most: int) -> Problem:
    return Problem(413, "too_large", what="The body is too large.", where="body", expected=f"at most {most} bytes")


def _busy(what: str, where: str) -> Problem:
    return Problem(503, "inbox_full", what=what, where=where, expected="send it again after Retry-After seconds")
