"""What can be set about the rules."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class RulesSettings(BaseModel):
    """Which rules run, and how often their state is saved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules_dir: Path = Field(
        default=Path(__file__).parent / "library", description="Folder of the rule book; the shipped one where not set."
    )
    checkpoint_s: float = Field(default=5.0, gt=0, description="Seconds between two checkpoints at most.")
    checkpoint_events: int = Field(default=100_000, ge=1, description="Events between two checkpoints at most.")
