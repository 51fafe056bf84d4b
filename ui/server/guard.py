"""What is checked before a request reaches a handler, and what every answer carries."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.server.problems import Problem

BODY_BOUND: Final = 65_536
"""Bytes of a request's body at most."""

WEBHOOKS: Final = "/api/in/"
"""Where systems report; what they send is bounded there."""

_LOOPBACK_NAMES: Final = frozenset(("localhost", "127.0.0.1", "[::1]"))
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def content_policy(map_sources: Iterable[str] = ()) -> str:
    """Write the Content-Security-Policy: everything from here, and map data from the base map's hosts too.

    Inline styles are allowed because the map library positions its controls with them; scripts never are.
    """
    elsewhere = "".join(f" {source}" for source in map_sources)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self' blob:",
            f"img-src 'self' data: blob:{elsewhere}",
            f"connect-src 'self'{elsewhere}",
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


@dataclass(frozen=True)
class Policy:
    """Who may ask.

    Attributes:
        hosts: names under which the server may be asked; None for any. A page of a stranger that makes its
            own name point at this machine is refused by it.
        origins: origins of other pages that may connect and command.
        map_sources: origins from which the page may load its base map.
    """

    hosts: frozenset[str] | None
    origins: frozenset[str] = frozenset()
    map_sources: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, host: str, *, hosts: Iterable[str] = (), origins: Iterable[str] = (), map_sources: Iterable[str] = ()
    ) -> "Policy":
        """Make the policy of a server that listens on `host`: on loopback it answers to its own names only."""
        named = frozenset(name.lower() for name in hosts)
        known = _LOOPBACK_NAMES | named | {host.lower()} if is_loopback(host) else named | _LOOPBACK_NAMES
        return cls(
            hosts=known if is_loopback(host) or named else None,
            origins=frozenset(origin.rstrip("/").lower() for origin in origins),
            map_sources=tuple(map_sources),
        )


@dataclass
class Requests:
    """How many requests were answered, by method and status; websockets count as method WS."""

    counts: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, method: str, status: int) -> None:
        """Count one."""
        known = method if method in ("GET", "HEAD", "POST", "PUT", "OPTIONS", "WS") else "other"
        self.counts[known, status] = self.counts.get((known, status), 0) + 1


class Guard:
    """Checks host, origin and size of every request, and adds the headers that protect the page."""

    def __init__(self, app: ASGIApp, policy: Policy, requests: Requests) -> None:
        """Stand before an application."""
        self._app = app
        self._policy = policy
        self._requests = requests
        self._headers = {
            "content-security-policy": content_policy(policy.map_sources),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        method = scope.get("method", "WS")
        headers = Headers(scope=scope)
        guarded = self._guarded(scope, send, method)
        problem = self._refused(headers, commands=method not in ("GET", "HEAD"))
        if problem is None and scope["type"] == "websocket":
            await self._app(scope, receive, guarded)
        elif problem is None and str(scope["path"]).startswith(WEBHOOKS):
            # Each source has a bound of its own, which is known only when its token is.
            await self._app(scope, receive, guarded)
        elif problem is None:
            await self._bounded(scope, receive, guarded, headers)
        elif scope["type"] == "websocket":
            await refuse_socket(problem, guarded)
        else:
            await problem.response()(scope, receive, guarded)

    def _refused(self, headers: Headers, *, commands: bool) -> Problem | None:
        match = _HOST.fullmatch(headers.get("host", ""))
        name = match[1].lower() if match else None
        if name is None or (self._policy.hosts is not None and name not in self._policy.hosts):
            return Problem(
                421,
                "host",
                what="This server does not answer to that name.",
                where="header: Host",
                expected="the server's own address, or a name listed in ui.allowed_hosts",
            )
        origin = headers.get("origin")
        if not commands or origin is None:
            return None
        same = urlsplit(origin).netloc.lower() == headers["host"].lower()
        if same or origin.rstrip("/").lower() in self._policy.origins:
            return None
        return Problem(
            403,
            "origin",
            what="A page from elsewhere may not do this.",
            where="header: Origin",
            expected="a page of this server, or an origin listed in ui.allowed_origins",
        )

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > BODY_BOUND:
            await _TOO_LARGE.response()(scope, receive, send)
            return
        if "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        # Of unknown length: read to its end here, where it can still be refused as what it is.
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > BODY_BOUND:
                await _TOO_LARGE.response()(scope, receive, send)
                return
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replayed, send)

    def _guarded(self, scope: Scope, send: Send, method: str) -> Send:
        path = str(scope["path"])

        async def guarded(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                answer = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    answer.setdefault(name, value)
                if path.startswith("/api/") or path == "/metrics":
                    answer.setdefault("cache-control", "no-store")
                self._requests.count(method, message["status"])
            elif message["type"] == "websocket.accept":
                self._requests.count(method, 101)
            await send(message)

        return guarded


_TOO_LARGE: Final = Problem(
    413, "too_large", what="The body is too large.", where="body", expected=f"at most {BODY_BOUND} bytes"
)


async def refuse_socket(problem: Problem, send: Send) -> None:
    """Answer a websocket's handshake with an error body instead."""
    headers = [(b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": problem.body()})
