"""What can be set about cameras."""

from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class CameraSettings(BaseModel):
    """Which cameras are read, from where they may be, and by how many processes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path | None = Field(
        default=None, description="File that lists the cameras (docs/cameras.md); none are read where not set."
    )
    mqtt_url: str = Field(
        default="mqtt://127.0.0.1:1883",
        description="Broker that is told what cameras see: mqtt://[user:password@]host:port, or mqtts://.",
    )
    mqtt_protocol: Literal[3, 5] = Field(default=3, description="MQTT 3.1.1 (3) or MQTT 5 (5).")
    allow_networks: tuple[str, ...] = Field(
        default=(),
        description="Private networks in which cameras may be, such as 10.20.0.0/16; others are refused. Public "
        "addresses are always allowed.",
    )
    workers: int = Field(
        default=0, ge=0, le=64, description="Processes that read cameras; 0 is one for every 16 cameras."
    )
    models: Path | None = Field(
        default=None, description="Folder of the models; where `ioc camera models` puts them where not set."
    )
    detector_threads: int = Field(default=2, ge=1, le=64, description="Threads that look for objects.")

    @field_validator("allow_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ip_network(network, strict=False)
        return networks
