"""The data_visualization block: a pie, bars, lines or areas."""

from typing import Any

from integrations.sandbox.slack.elements import ID
from integrations.sandbox.slack.shapes import Place, by_type, list_of, number, shape, string

MOST_SERIES = 6
"""Also of a pie's segments. Slack's page says six, some of its libraries twelve: the smaller is right either way."""
MOST_POINTS = 20

_LABEL = string(20)


def _positive(value: Any, place: Place) -> None:
    before = len(place.problems.messages)
    number(value, place)
    if len(place.problems.messages) == before and value <= 0:
        place.wrong("must be more than 0")


def _every_category_once(chart: dict[str, Any], place: Place) -> None:
    categories = chart["axis_config"]["categories"]
    if len(set(categories)) != len(categories):
        place.at("axis_config").at("categories").wrong("must be unique")
    names = [one["name"] for one in chart["series"]]
    if len(set(names)) != len(names):
        place.at("series").wrong("names must be unique")
    for index, one in enumerate(chart["series"]):
        if sorted(point["label"] for point in one["data"]) != sorted(categories):
            place.at("series").at(index).wrong("must have one point for every category")


_POINT = shape({"label": _LABEL, "value": number})
_SERIES = shape({"name": _LABEL, "data": list_of(_POINT, 1, MOST_POINTS)})
_AXES = shape({"categories": list_of(_LABEL, 1, MOST_POINTS)}, {"x_label": string(50), "y_label": string(50)})
_PLOT = shape({"series": list_of(_SERIES, 1, MOST_SERIES), "axis_config": _AXES}, rule=_every_category_once)
_PIE = shape({"segments": list_of(shape({"label": _LABEL, "value": _positive}), 1, MOST_SERIES)})

DATA_VISUALIZATION = shape(
    {"title": string(50), "chart": by_type({"pie": _PIE, "bar": _PLOT, "area": _PLOT, "line": _PLOT}, "chart")},
    {"block_id": ID},
)
