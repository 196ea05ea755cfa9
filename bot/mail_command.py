"""The command `caseyos mail classify`: one line of JSON a mail, flushed as soon as that mail is done."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from core.mail.parsing import MOST_BYTES
from core.mail.understanding import Understanding, understand


def listed_paths(listing: Path) -> list[str]:
    """The paths of a list, one a line. Raises OSError when the list cannot be read."""
    text = listing.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return [line for line in (one.rstrip("\r") for one in text.split("\n")) if line]


def classify(paths: Iterable[str], *, out: BinaryIO | None = None) -> None:
    """Write one line for each path, in order. A path that cannot be read gets its line with `error`."""
    out = out or sys.stdout.buffer
    for path in paths:
        out.write(answer(path) + b"\n")
        out.flush()


def answer(path: str) -> bytes:
    """The line for one path, without its end."""
    try:
        with open(os.fsencode(path), "rb") as file:  # a name of any bytes is opened as it is
            raw = file.read(MOST_BYTES)
    except (OSError, ValueError) as why:
        return _line(path, Understanding("other"), error=_reason(why))
    return _line(path, understand(raw), error=None)


def _reason(why: Exception) -> str:
    return (why.strerror if isinstance(why, OSError) else None) or str(why) or type(why).__name__


def _line(path: str, understood: Understanding, *, error: str | None) -> bytes:
    bounce = understood.bounce
    record: dict[str, Any] = {
        "path": path,
        "class": understood.class_,
        "bounce": {"kind": bounce.kind, "reason": bounce.reason, "recipient": bounce.recipient} if bounce else None,
        "reply_text": understood.reply_text,
        "intent": understood.intent.name,
        "return_date": understood.return_date.isoformat() if understood.return_date else None,
        "error": error,
    }
    try:
        return json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # A name of odd bytes, or half a character in a damaged text: written as an escape, the line stays whole.
        return json.dumps(record).encode()
