"""Public holidays of a country, or of a part of it, by the package `holidays`."""

from collections.abc import Container
from datetime import date
from functools import cache

NOWHERE: Container[date] = frozenset()


class UnknownRegion(Exception):
    """There is no such country or part of it; the message says how one is named."""

    def __init__(self, region: str) -> None:
        super().__init__(
            f"no public holidays are known for {region!r}: name a country like GB, or a part of one like DE-BY"
        )
        self.region = region


@cache
def days_off(region: str) -> Container[date]:
    """The dates on which nobody works in `DE`, or in `DE-BY`; none for an empty name. Raises UnknownRegion."""
    if not region:
        return NOWHERE
    import holidays  # noqa: PLC0415  (a third of a second, which only a process that asks needs to spend)

    country, _, part = region.partition("-")
    if country not in holidays.list_supported_countries():
        raise UnknownRegion(region)
    try:
        return holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        raise UnknownRegion(region) from None
