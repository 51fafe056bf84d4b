"""How answers are written, and how OpenAPI describes them."""

from typing import Any, Final

import msgspec
from fastapi import Response
from pydantic import BeforeValidator

from ui.server import schemas

BLANK_IS_ALL: Final = BeforeValidator(lambda given: given or None)
"""A filter that is named but left empty, as a form sends it, filters nothing."""


def describe_errors(**described: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answers that are not a success; keys are like `e404`. Host and size are checked for all."""
    always = {"e421": "The server was asked under a name that is not its own."}
    return {
        int(status[1:]): {"model": schemas.ErrorBody, "description": text}
        for status, text in {**described, **always}.items()
    }


def describe_answer(model: Any, description: str) -> dict[int | str, dict[str, Any]]:
    """Describe a success."""
    return {200: {"model": model, "description": description}}


def json_of(value: object) -> Response:
    """Write plain data."""
    return written_json(msgspec.json.encode(value))


def written_json(written: bytes) -> Response:
    """Answer with what is JSON already."""
    return Response(written, media_type="application/json")
