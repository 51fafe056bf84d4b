"""What can be set about the pretend city."""

from pydantic import BaseModel, ConfigDict, Field


class SimulatorSettings(BaseModel):
    """Which city pretends to live, and how fast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    city: str = Field(
        default="da-lat", min_length=1, description="Name of a city in simulators/cities, or path of a city file."
    )
    mqtt_url: str = Field(
        default="mqtt://127.0.0.1:1885", description="The broker: mqtt[s]://[user:password@]host:port."
    )
    seed: int = Field(default=1, ge=0, description="The same seed gives the same city.")
    speed: float = Field(default=1.0, gt=0, le=600, description="How many times faster than life.")
