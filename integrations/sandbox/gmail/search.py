"""The part of Gmail's search language that the sandbox speaks; it refuses the rest aloud."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.sandbox.calls import Unserved
from integrations.sandbox.google.errors import invalid
from integrations.sandbox.store import utc_now

TERM = re.compile(r'(-?)(?:([a-z_0-9]+):)?("[^"]*"|\S+)', re.IGNORECASE)
SPAN = re.compile(r"(\d+)([dmy])\Z")
DAYS = {"d": 1, "m": 30, "y": 365}
PLACES = {"inbox": "INBOX", "sent": "SENT", "draft": "DRAFT", "drafts": "DRAFT", "trash": "TRASH", "spam": "SPAM"}
STATES = {"unread": "UNREAD", "starred": "STARRED", "important": "IMPORTANT"}
Match = Callable[[dict[str, Any]], bool]


def matcher(query: str) -> Match:
    """Whether a message of the mailbox is found by `query`."""
    terms = [_term(*found.groups()) for found in TERM.finditer(query)]
    return lambda message: all(term(message) for term in terms)


def _term(minus: str, operator: str | None, value: str) -> Match:
    text = value.strip('"').casefold()
    if operator is None and (value in ("OR", "AND", "AROUND") or value[0] in "({+"):
        raise _unserved(value)
    found = _words(text) if operator is None else _operator(operator.lower(), text)
    return (lambda message: not found(message)) if minus else found


def _operator(operator: str, text: str) -> Match:
    if operator in ("newer_than", "older_than", "after", "before"):
        return _time(operator, text)
    if operator in ("in", "label", "is"):
        return _label(operator, text)
    found: dict[str, Match] = {
        "rfc822msgid": lambda message: message["messageId"].strip("<>").casefold() == text.strip("<>"),
        "from": lambda message: text in message["from"].casefold(),
        "to": lambda message: any(text in address for address in message["to"]) or text in _header(message, "To"),
        "subject": lambda message: text in message["subject"].casefold(),
    }
    if operator not in found:
        raise _unserved(f"{operator}:{text}")
    return found[operator]


def _label(operator: str, text: str) -> Match:
    if operator == "in" and text == "anywhere":
        return lambda message: True
    if operator == "is" and text == "read":
        return lambda message: "UNREAD" not in message["labelIds"]
    names = STATES if operator == "is" else PLACES
    if text not in names:
        raise _unserved(f"{operator}:{text}")
    return lambda message: names[text] in message["labelIds"]


def _time(operator: str, text: str) -> Match:
    limit = int(_moment(operator, text).timestamp() * 1000)
    if operator in ("newer_than", "after"):
        return lambda message: int(message["internalDate"]) >= limit
    return lambda message: int(message["internalDate"]) < limit


def _moment(operator: str, text: str) -> datetime:
    span = SPAN.match(text)
    if span and operator.endswith("_than"):
        return utc_now() - timedelta(days=int(span[1]) * DAYS[span[2]])
    if text.isdigit() and operator in ("after", "before"):
        return datetime.fromtimestamp(int(text), UTC)
    try:
        return datetime.strptime(text.replace("-", "/"), "%Y/%m/%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise _unserved(f"{operator}:{text}") from error


def _words(text: str) -> Match:
    def found(message: dict[str, Any]) -> bool:
        everything = " ".join((message["subject"], message["text"], message["from"], *message["to"])).casefold()
        return text in everything

    return found


def _header(message: dict[str, Any], name: str) -> str:
    return str(message["headers"].get(name, "")).casefold()


def _unserved(what: str) -> Unserved:
    return Unserved(invalid(f"the sandbox does not search by {what}"))
