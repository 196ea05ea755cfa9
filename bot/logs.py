"""Structured logs: one JSON object a line, without personal data and without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# What must never stand in a log, whoever wrote it into a message: tokens, passwords in addresses, mail addresses.
# A word is read once (lookbehind, possessive): a long text must not hold up who logs it.
_WORD = r"[^\s@:/<>()\[\]{},;=|\"]"
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|ya29\.[\w.-]+|pat-[\w-]+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    rf"|(?<!{_WORD}){_WORD}++@[\w.-]+"
)
# What would begin a new line, colour a terminal or turn the direction of what follows.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def scrub(text: str) -> str:
    """The text without secrets and addresses, on one line."""
    return _UNSEEN.sub(_escaped, _SECRETS.sub("[…]", text))


def _escaped(char: re.Match[str]) -> str:
    return char.group().encode("unicode_escape", "backslashreplace").decode()


def _from_record(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record: logging.LogRecord = event["_record"]
    extra = {name: value for name, value in record.__dict__.items() if name not in _OWN and not name.startswith("_")}
    return {**event, **extra, "logger": record.name}


def _scrubbed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: clean(value) for name, value in event.items()}


def clean(value: Any) -> Any:
    """The value with every text in it scrubbed."""
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {scrub(str(name)): clean(one) for name, one in value.items()}
        case list() | tuple() | set():
            return [clean(one) for one in value]
        case _:
            return scrub(str(value))


def set_up(*, level: str, as_json: bool) -> None:
    """Sends all logging to standard error. Called once, by the command line."""
    render = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _from_record,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _scrubbed,
            render,
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in (
        "httpx",
        "httpcore",
        "googleapiclient",
        "google",
        "arq.worker",
        "arq.jobs",
        "slack_bolt",
        "slack_sdk",
    ):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
