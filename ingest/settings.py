"""What can be set about ingest."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class IngestSettings(BaseModel):
    """How messages are taken from the broker and written to the stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mqtt_url: str = Field(
        default="mqtt://127.0.0.1:1885", description="The broker: mqtt[s]://[user:password@]host:port."
    )
    mqtt_protocol: Literal[3, 5] = Field(default=5, description="MQTT 3.1.1 (3) or MQTT 5 (5).")
    mqtt_adapter: Literal["auto", "fast", "aiomqtt"] = Field(
        default="auto",
        description="What speaks MQTT: fast (MQTT 5 only), aiomqtt, or auto: fast where the broker speaks MQTT 5, else "
        "aiomqtt on 3.1.1.",
    )
    mqtt_ca: Path | None = Field(
        default=None,
        description="PEM file of the authorities that may vouch for the broker (mqtts); the system's where not set.",
    )
    mqtt_certificate: Path | None = Field(
        default=None, description="PEM file of our own certificate, where the broker asks for one (mqtts)."
    )
    mqtt_key: Path | None = Field(default=None, description="PEM file of its key, where it is not in mqtt_certificate.")
    client_id: str = Field(
        default="ioc-ingest",
        min_length=1,
        description="Names the broker's session: what it keeps is kept for this name.",
    )
    topics: tuple[str, ...] = Field(
        default=("#",), min_length=1, description="Topic filters to subscribe to; # is everything but $-topics."
    )
    session_expiry_s: int = Field(
        default=86_400,
        ge=60,
        le=0xFFFF_FFFE,
        description="Seconds for which the broker keeps messages while ingest is away (MQTT 5; 3.1.1 has no limit).",
    )
    receive_maximum: int = Field(
        default=1000, ge=1, le=65_535, description="Messages that the broker may send before any is acknowledged."
    )
    linger_ms: int = Field(default=20, ge=0, le=1000, description="Milliseconds that a batch waits for more events.")
    linger_quiet_ms: int = Field(
        default=50, ge=0, le=1000, description="The same while little comes in, so that a batch is worth its cost."
    )
    max_batch: int = Field(default=2000, ge=1, description="Events of a batch at most.")
    max_payload: int = Field(
        default=1_048_576, ge=1, description="Bytes of a message at most; longer ones are rejected."
    )
    queue_limit: int = Field(
        default=20_000, ge=1, description="Messages waiting to be decoded at most; beyond it the socket is not read."
    )
    queue_bytes: int = Field(
        default=8 * 1_048_576, ge=1, description="Bytes waiting to be decoded at most; then as with queue_limit."
    )
    tick_s: float = Field(
        default=1.0, gt=0, le=10, description="Seconds between two stamps of the stream's clock at most."
    )
    codecs_dir: Path | None = Field(default=None, description="Folder of your own codecs (YAML).")
    city_timezone: str = Field(default="Asia/Ho_Chi_Minh", description="IANA zone of times that come without one.")
    flood_events_per_s: float = Field(
        default=200,
        ge=0,
        description="Events a second of one device, beyond which (and beyond a burst of ten times as many) only its "
        "latest of each batch is kept, with a count of the others; 0 keeps all.",
    )
    strict_assets: bool = Field(default=False, description="Refuse events of assets that are not registered.")
