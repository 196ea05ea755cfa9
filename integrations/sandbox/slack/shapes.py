"""Small checks from which the shapes of Block Kit are put together; each adds what is wrong to a list."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any, "Place"], None]


@dataclass
class Problems:
    """What is wrong with a surface, and what must be unique or single across it."""

    messages: list[str] = field(default_factory=list)
    focused: int = 0


@dataclass(frozen=True)
class Place:
    """Where in the document a check stands, as the JSON pointer that Slack's messages carry."""

    pointer: str
    problems: Problems

    def at(self, step: str | int) -> "Place":
        return Place(f"{self.pointer}/{step}", self.problems)

    def wrong(self, message: str) -> None:
        self.problems.messages.append(f"[ERROR] {message} [json-pointer:{self.pointer}]")


def string(most: int, least: int = 1) -> Check:
    def check(value: Any, place: Place) -> None:
        if not isinstance(value, str):
            place.wrong("must be a string")
        elif len(value) > most:
            place.wrong(f"must be less than {most + 1} characters")
        elif len(value) < least:
            place.wrong(f"must be more than {least - 1} characters")
        elif "\x00" in value:
            place.wrong("must not contain NUL")

    return check


def matching(pattern: str, what: str) -> Check:
    compiled = re.compile(pattern)

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            place.wrong(f"must be {what}")

    return check


def one_of(*allowed: str) -> Check:
    def check(value: Any, place: Place) -> None:
        if value not in allowed:
            place.wrong(f"must be one of: {', '.join(allowed)}")

    return check


def boolean(value: Any, place: Place) -> None:
    if not isinstance(value, bool):
        place.wrong("must be a boolean")


def integer(least: int, most: int) -> Check:
    def check(value: Any, place: Place) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            place.wrong("must be an integer")
        elif not least <= value <= most:
            place.wrong(f"must be between {least} and {most}")

    return check


def number(value: Any, place: Place) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        place.wrong("must be a number")


def number_text(value: Any, place: Place) -> None:
    """A number as number_input wants it: in a string."""
    try:
        finite = isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        finite = False
    if not finite:
        place.wrong("must be a number in a string")


def list_of(item: Check, least: int, most: int) -> Check:
    def check(value: Any, place: Place) -> None:
        if not isinstance(value, list):
            place.wrong("must be an array")
            return
        if len(value) > most:
            place.wrong(f"no more than {most} items allowed")
        if len(value) < least:
            place.wrong(f"no fewer than {least} items allowed")
        for index, one in enumerate(value):
            item(one, place.at(index))

    return check


def shape(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, rule: Check | None = None
) -> Check:
    """An object with these fields and no others; `rule` looks at it as a whole once its fields are sound."""
    known = {**required, **(optional or {})}

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, dict):
            place.wrong("must be an object")
            return
        before = len(place.problems.messages)
        for name in required:
            if value.get(name) is None:
                place.wrong(f"missing required field: {name}")
        for name, inner in value.items():
            if name == "type" and "type" not in known:
                continue
            if name not in known:
                place.wrong(f"invalid additional property: {name}")
            elif inner is not None or name not in required:
                known[name](inner, place.at(name))
        if rule is not None and len(place.problems.messages) == before:
            rule(value, place)

    return check


def by_type(kinds: Mapping[str, Check], what: str) -> Check:
    """An object whose `type` says which of these shapes it has."""

    def check(value: Any, place: Place) -> None:
        if not isinstance(value, dict):
            place.wrong("must be an object")
            return
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            place.wrong(f"unsupported type: {kind} ({what})")
            return
        kinds[kind](value, place)

    return check


def text(kind: str, most: int, least: int = 1) -> Check:
    """A text object of this type; `any` takes both."""
    plain = shape({"type": one_of("plain_text"), "text": string(most, least)}, {"emoji": boolean})
    marked = shape({"type": one_of("mrkdwn"), "text": string(most, least)}, {"verbatim": boolean})
    if kind == "plain_text":
        return plain
    return by_type({"plain_text": plain, "mrkdwn": marked}, "text object")
