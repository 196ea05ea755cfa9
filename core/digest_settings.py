"""When the day's list comes: as a workspace has it, or as a member has chosen."""

from datetime import time
from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from core.days_off import UnknownRegion, days_off
from core.schedule import MONDAY_TO_FRIDAY, Schedule


class DigestSettings(BaseModel, frozen=True):
    """When the day's list comes. `days` are ISO weekdays, Monday is 1; `holidays` is a country, or a part of it: DE-BY."""

    at: time | None = time(8)
    """On the owner's clock; None: it never comes by itself."""
    days: frozenset[Annotated[int, Field(ge=1, le=7)]] = MONDAY_TO_FRIDAY
    holidays: str = ""

    @field_validator("holidays")
    @classmethod
    def _known(cls, region: str) -> str:
        try:
            days_off(region)
        except UnknownRegion as unknown:
            raise ValueError(str(unknown)) from None
        return region

    def schedule(self, zone: str) -> Schedule | None:
        return None if self.at is None else Schedule(self.at, zone, self.days, days_off(self.holidays))
