"""The command `caseyos mail classify`: one line of JSON a mail, flushed as soon as that mail is done."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from core.mail.parsing import MOST_BYTES
from core.mail.understanding import Understanding, prepare, understand


def listed_paths(listing: Path) -> list[str]:
    """The paths of a list, one a line. Raises OSError when the list cannot be read."""
    text = listing.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return [line for line in (one.rstrip("\r") for one in text.split("\n")) if line]


def classify(paths: Iterable[str], *, why: bool = False, out: BinaryIO | None = None) -> None:
    """Write one line for each path, in order. A path that cannot be read gets its line with `error`."""
    out = out or sys.stdout.buffer
    prepare()
    for path in paths:
        out.write(answer(path, why=why) + b"\n")
        out.flush()


def answer(path: str, *, why: bool = False) -> bytes:
    """The line for one path, without its end; with `why` also the words or the code that gave reason or intent."""
    try:
        with open(os.fsencode(path), "rb") as file:  # a name of any bytes is opened as it is
            raw = file.read(MOST_BYTES)
    except (OSError, ValueError) as failed:
        return _line(path, Understanding("other"), error=_reason(failed), why=why)
    return _line(path, understand(raw), error=None, why=why)


def _reason(failed: Exception) -> str:
    return (failed.strerror if isinstance(failed, OSError) else None) or str(failed) or type(failed).__name__


def _line(path: str, understood: Understanding, *, error: str | None, why: bool) -> bytes:
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
    if why:
        record["evidence"] = (bounce.evidence if bounce else understood.intent.evidence) or None
    try:
        return json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # A name of odd bytes, or half a character in a damaged text: written as an escape, the line stays whole.
        return json.dumps(record).encode()
