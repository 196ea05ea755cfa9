"""Header lines that every reader takes for exactly the text that was meant.

The library's own folding of long or foreign texts loses blanks and reads `=?` as markup, so whatever is not plain ASCII
is written as encoded words (RFC 2047) throughout.
"""

import re
from collections.abc import Sequence
from email.header import Header
from email.policy import EmailPolicy

_LINE_LIMIT = 75
_SAFE = re.compile(r"(?:[ -~]+(?:\r\n [ -~]+)*)?")  # printable ASCII; a new line goes on with a blank
_PLAIN_TEXT = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?:[ '-][A-Za-z0-9]+)*")
_QUOTABLE_NAME = re.compile(r"(?!.*=\?)[ -~]{1,60}")


class Line(str):
    """A header's value as it is to be written; the email package leaves it alone. ValueError when it could be two."""

    name: str

    def __new__(cls, name: str, value: str) -> "Line":
        if not _SAFE.fullmatch(value):
            raise ValueError(f"not one header: {name}")
        line = super().__new__(cls, value)
        line.name = name
        return line

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def text(name: str, value: str) -> Line:
    return Line(name, _written(name, value, _PLAIN_TEXT))


def sender(name: str, *, display_name: str, address: str) -> Line:
    if not display_name:
        return Line(name, address)
    if _QUOTABLE_NAME.fullmatch(display_name) and not _PLAIN_NAME.fullmatch(display_name):
        escaped = display_name.replace("\\", r"\\").replace('"', r"\"")
        return Line(name, f'"{escaped}"\r\n <{address}>')
    return Line(name, f"{_written(name, display_name, _PLAIN_NAME)}\r\n <{address}>")


def recipients(name: str, addresses: Sequence[str]) -> Line:
    return Line(name, ",\r\n ".join(addresses))


def _written(name: str, value: str, plain: re.Pattern[str]) -> str:
    if plain.fullmatch(value) and len(name) + 2 + len(value) <= _LINE_LIMIT:
        return value
    return Header(value, charset="utf-8", header_name=name, maxlinelen=_LINE_LIMIT).encode(linesep="\r\n")
