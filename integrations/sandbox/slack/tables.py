"""The table and data_table blocks."""

from collections.abc import Iterator
from typing import Any

from integrations.sandbox.slack.elements import ID
from integrations.sandbox.slack.rich_text import RICH_TEXT_PARTS
from integrations.sandbox.slack.shapes import (
    Place,
    boolean,
    by_type,
    integer,
    list_of,
    number,
    one_of,
    shape,
    string,
)

MOST_COLUMNS = 20
MOST_ROWS = 100
MOST_DATA_ROWS = 201
"""The first of them names the columns."""
MOST_CHARACTERS = 20_000
"""In all cells of a data table."""

_RICH = shape({"elements": list_of(by_type(RICH_TEXT_PARTS, "cell"), 1, 20)})
_COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_CELL = by_type({"raw_text": shape({"text": string(3000)}), "rich_text": _RICH}, "table cell")
_DATA_CELL = by_type(
    {
        "raw_text": shape({"text": string(MOST_CHARACTERS)}),
        "raw_number": shape({"value": number, "text": string(MOST_CHARACTERS)}),
        "rich_text": _RICH,
    },
    "data table cell",
)


def _same_width(block: dict[str, Any], place: Place) -> None:
    if len({len(row) for row in block["rows"]}) > 1:
        place.at("rows").wrong("all rows must have the same number of cells")


def _data_rule(block: dict[str, Any], place: Place) -> None:
    _same_width(block, place)
    if any(cell["type"] == "rich_text" for cell in block["rows"][0]):
        place.at("rows").at(0).wrong("header cells must not be rich text")
    if block.get("row_header_column_index", 0) >= len(block["rows"][0]):
        place.at("row_header_column_index").wrong("must be one of the columns")
    if sum(len(words) for words in _texts(block["rows"])) > MOST_CHARACTERS:
        place.at("rows").wrong(f"cells must be less than {MOST_CHARACTERS + 1} characters in all")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        yield from _texts([one for one in value.values() if isinstance(one, list)])


TABLE = shape(
    {"rows": list_of(list_of(_CELL, 1, MOST_COLUMNS), 1, MOST_ROWS)},
    {"column_settings": list_of(_COLUMN, 1, MOST_COLUMNS), "block_id": ID},
    rule=_same_width,
)
DATA_TABLE = shape(
    {"rows": list_of(list_of(_DATA_CELL, 1, MOST_COLUMNS), 2, MOST_DATA_ROWS), "caption": string(2000)},
    {"page_size": integer(1, 100), "row_header_column_index": integer(0, MOST_COLUMNS - 1), "block_id": ID},
    rule=_data_rule,
)
