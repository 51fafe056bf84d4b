"""What can be set about the history."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class HistorySettings(BaseModel):
    """Where the past is kept, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(default=True, description="Keep a history of all events; it is written beside the rules.")
    folder: Path | None = Field(default=None, description="Folder of the history; `history` under data where not set.")
    keep_days: float = Field(default=90, gt=0, description="Days for which events are kept.")
    keep_gb: float = Field(default=50, gt=0, description="Gigabytes (10⁹ bytes) of events that are kept.")
    flush_s: float = Field(default=10, gt=0, description="Seconds after which new events are written at the latest.")
    flush_events: int = Field(default=50_000, ge=1, description="Events after which they are written at the latest.")
    waiting_mb: float = Field(
        default=512,
        gt=0,
        description="Megabytes of the store that events may take while the history cannot be written; beyond that the "
        "oldest are given up, counted and told of.",
    )
