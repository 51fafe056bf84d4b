"""What can be set about webhooks: which systems may report over HTTP, and how they prove who they are."""

from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SHORTEST_TOKEN: Final = 16
"""Characters of a token at least; `openssl rand -hex 24` makes a good one."""

_NAME: Final = r"^[A-Za-z0-9._:-]{1,64}$"


class WebhookSettings(BaseModel):
    """One system that reports over HTTP."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(pattern=_NAME, description="What the system is called; codecs find it in the topic.")
    codec: str = Field(pattern=_NAME, description="The codec that reads what it says.")
    token: str | None = Field(
        default=None, min_length=SHORTEST_TOKEN, max_length=512, repr=False, description="Its secret."
    )
    token_file: Path | None = Field(default=None, description="File that holds its secret; or this, or token.")
    max_bytes: int = Field(default=262_144, ge=1, le=1_048_576, description="Bytes of a message at most.")
    token_in_url: bool = Field(
        default=False,
        description="Take the secret from ?token=… too, for a system that can send no header; addresses are often "
        "logged on the way.",
    )

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if (self.token is None) == (self.token_file is None):
            raise ValueError("give either token or token_file")
        return self
