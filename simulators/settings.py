"""What a person may choose about the pretend city."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SimulatorSettings(BaseModel):
    """Settings of the simulated city."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    city: str = Field(default="da-lat", description="Name of a city that ships, or the path of a city file.")
    scenario: Path | None = Field(default=None, description="Storyline to play; without one, the city's own.")
    mqtt_url: str = Field(
        default="mqtt://127.0.0.1:1883",
        description="Broker to speak to: mqtt://[user:password@]host:port, or mqtts://.",
    )
    mqtt_protocol: Literal[3, 5] = Field(default=3, description="MQTT 3.1.1 (3), as most devices speak, or MQTT 5 (5).")
    seed: int = Field(
        default=4, ge=0, description="The same seed gives the same city, device by device, value by value."
    )
    speed: float = Field(default=1.0, gt=0, le=600, description="How many seconds of the city pass in one of ours.")
    connections: int = Field(default=3, ge=1, le=16, description="Connections to the broker that all devices share.")
