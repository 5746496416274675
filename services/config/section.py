"""What every section of the settings is."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Settings that belong together. An alias is the environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")
