"""What can be set about the web server."""

from pydantic import BaseModel, ConfigDict, Field


class UiSettings(BaseModel):
    """Where the page is served, and what lies under it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address to listen on; anything but loopback needs care.")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port of the page.")
    basemap: str | None = Field(default=None, description="Base map: path of a PMTiles file, or URL of a style.")
    tick_ms: int = Field(default=50, ge=5, le=1000, description="Milliseconds between two updates of a page.")
