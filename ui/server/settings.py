"""What can be set about the web server."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ui.server.webhook_settings import WebhookSettings


class UiSettings(BaseModel):
    """Where the page is served, and what lies under it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address to listen on; beyond loopback see open_to_network.")
    port: int = Field(default=8000, ge=0, le=65_535, description="Port of the page; 0 takes a free one.")
    basemap: str | None = Field(default=None, description="Base map: path of a PMTiles file, or URL of a style.")
    basemap_optional: bool = Field(
        default=False, description="The page draws its plain map, without complaint, where the base map cannot be had."
    )
    tick_ms: int = Field(default=50, ge=5, le=1000, description="Milliseconds between two updates of a page.")
    open_to_network: bool = Field(
        default=False,
        description="Listen beyond loopback although nobody logs in: only behind something that asks who they are.",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Names, besides the address itself, under which browsers may ask for the page."
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(), description="Origins (https://host) of other pages that may connect and command."
    )
    max_sockets: int = Field(default=200, ge=1, description="Pages that may be connected at once.")
    demo: bool = Field(default=False, description="The city is a pretended one; the page says so.")
    webhooks: tuple[WebhookSettings, ...] = Field(
        default=(), description="Systems that may report over HTTP, [[ui.webhooks]] each; see webhooks.md."
    )
    page: Path | None = Field(default=None, description="Folder of the built page; the one of this program if not set.")
