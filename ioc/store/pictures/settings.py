"""What can be set about pictures."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class PictureSettings(BaseModel):
    """Where pictures are kept, for how long, and whether ever one with faces in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = Field(
        default=None, description="Folder of the pictures; `pictures` under data where not set."
    )
    keep_person_days: float = Field(default=7, gt=0, description="Days for which pictures of people are kept.")
    keep_vehicle_days: float = Field(default=30, gt=0, description="Days for which pictures of vehicles are kept.")
    keep_scene_days: float = Field(
        default=30, gt=0, description="Days for which pictures of scenes are kept: smoke, things left, covered cameras."
    )
    keep_gb: float = Field(default=20, gt=0, description="Gigabytes (10⁹ bytes) of pictures that are kept.")
    originals: bool = Field(
        default=False,
        description="Keep each picture unblurred too, encrypted; whoever looks at one is written into the audit log.",
    )
    keep_original_days: float = Field(default=3, gt=0, description="Days for which unblurred pictures are kept.")
    key_file: Path | None = Field(
        default=None,
        description="File of the key that originals are encrypted with; `pictures.key` under data where not set. It is "
        "made where there is none.",
    )

    @property
    def keep_days(self) -> dict[str, float]:
        """Days by class of picture."""
        return {"person": self.keep_person_days, "vehicle": self.keep_vehicle_days, "scene": self.keep_scene_days}
