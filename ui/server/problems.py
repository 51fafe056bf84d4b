"""What a client did wrong, as every 4xx and 503 body says it: what, where, what was expected."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ioc.store.connection import StoreUnavailable
from ioc.store.incidents import Refused, UnknownIncident


class Problem(Exception):
    """Raised by a handler to end the request with an error body.

    Attributes:
        status: the HTTP status.
        code: the problem for programs; stays the same when the sentence is reworded.
        what: one sentence for a person.
        where: the part of the request that it is about.
        expected: what would have been right, or what to do.
        more: what the body has beside `error`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        what: str,
        where: str,
        expected: str,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Take all that the body says."""
        super().__init__(what)
        self.status = status
        self.code = code
        self.what = what
        self.where = where
        self.expected = expected
        self.more = more

    def body(self) -> bytes:
        """Write the body."""
        error = {"code": self.code, "what": self.what, "where": self.where, "expected": self.expected}
        return msgspec.json.encode({"error": error, **self.more})

    def response(self) -> Response:
        """Write the whole answer."""
        headers = {"Retry-After": "1"} if self.status == 503 else None
        return Response(self.body(), self.status, headers, media_type="application/json")


def unknown(what: str, where: str, expected: str) -> Problem:
    """Say that there is no such thing (404)."""
    return Problem(404, "unknown", what=what, where=where, expected=expected)


def install(app: FastAPI) -> None:
    """Answer every kind of failure with the same body."""

    def of_handler(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)  # noqa: S101 - what the line below registers it for
        return problem.response()

    def of_validation(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return from_validation(error.errors()).response()

    def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        answer = from_status(error.status_code, request.method, request.url.path).response()
        answer.headers.update(error.headers or {})
        return answer

    def of_store(request: Request, error: Exception) -> Response:
        assert isinstance(error, StoreUnavailable)  # noqa: S101
        return Problem(
            503, "store_away", what=error.reason, where=request.url.path, expected="ask again in a moment"
        ).response()

    def of_unknown_incident(_: Request, error: Exception) -> Response:
        return unknown(
            f"There is no incident {str(error)[:64]!r}.", "path: id", "the id of an incident, see GET /api/incidents"
        ).response()

    def of_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101
        what = f"{error.reason[:1].upper()}{error.reason[1:]}."
        return Problem(409, error.code, what=what, where=request.url.path, expected=_INSTEAD[error.code]).response()

    app.add_exception_handler(Problem, of_handler)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(StoreUnavailable, of_store)
    app.add_exception_handler(UnknownIncident, of_unknown_incident)
    app.add_exception_handler(Refused, of_refusal)


_INSTEAD = {
    "already_acknowledged": "an incident that nobody has taken yet",
    "already_resolved": "an incident that is not resolved; a comment is always welcome",
    "key_reused": "a new Idempotency-Key for each command",
}


def from_status(status: int, method: str, path: str) -> Problem:
    """Describe what the framework itself refuses."""
    match status:
        case 404:
            return unknown(f"There is nothing at {path[:200]}.", "path", "a path that GET /api/openapi.json lists")
        case 405:
            return Problem(
                405,
                "method",
                what=f"{method} does not work on {path[:200]}.",
                where="method",
                expected="a method that GET /api/openapi.json lists",
            )
        case _:
            return Problem(
                status, "request", what="The request cannot be read.", where="body", expected="well-formed JSON"
            )


def from_validation(errors: Sequence[Any]) -> Problem:
    """Describe the first thing that does not fit the schema."""
    first = errors[0]
    place, *path = (str(part) for part in first["loc"])
    where = f"{place}: {'.'.join(path)}" if path else place
    if first["type"] == "json_invalid":
        return Problem(422, "invalid", what="The body is not JSON.", where="body", expected='{"who": "…", "text": "…"}')
    reason = str(first["msg"]).removeprefix("Value error, ")
    expected = str(first.get("ctx", {}).get("expected") or reason)
    return Problem(422, "invalid", what=f"{where} cannot be used: {reason}.", where=where, expected=expected)
