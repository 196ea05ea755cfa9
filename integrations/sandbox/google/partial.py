"""Google's `fields` parameter: only what was selected is in the answer."""

from __future__ import annotations

import re
from typing import Any

from integrations.sandbox.google.errors import invalid

TOKEN = re.compile(r"[A-Za-z0-9_*]+|[(),/]")
Selection = dict[str, "Selection"]


def selected(answer: Any, fields: str) -> Any:
    """The part of the answer that a mask such as `messages(id,payload/headers),nextPageToken` selects."""
    tokens = TOKEN.findall(fields)
    if "".join(tokens) != fields.replace(" ", ""):
        raise _bad(fields)
    selection, rest = _list(tokens, fields)
    if rest:
        raise _bad(fields)
    return _pick(answer, selection)


def _list(tokens: list[str], fields: str) -> tuple[Selection, list[str]]:
    found: Selection = {}
    while True:
        name, inner, tokens = _path(tokens, fields)
        found.setdefault(name, {}).update(inner)
        if not tokens or tokens[0] != ",":
            return found, tokens
        tokens = tokens[1:]


def _path(tokens: list[str], fields: str) -> tuple[str, Selection, list[str]]:
    if not tokens or tokens[0] in "(),/":
        raise _bad(fields)
    name, rest = tokens[0], tokens[1:]
    if rest[:1] == ["/"]:
        inner_name, inner, rest = _path(rest[1:], fields)
        return name, {inner_name: inner}, rest
    if rest[:1] == ["("]:
        inside, rest = _list(rest[1:], fields)
        if rest[:1] != [")"]:
            raise _bad(fields)
        return name, inside, rest[1:]
    return name, {}, rest


def _pick(value: Any, selection: Selection) -> Any:
    if not selection or "*" in selection:
        return value
    if isinstance(value, list):
        return [_pick(each, selection) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _pick(value[name], inner) for name, inner in selection.items() if name in value}


def _bad(fields: str) -> Exception:
    return invalid(f"Invalid field selection {fields}", "invalidParameter")
