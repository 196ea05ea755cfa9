"""A mail's bytes as a small frozen value: decoded headers and texts. Whatever is damaged is read as well as it can be."""

import base64
import binascii
import codecs
import email
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

MOST_BYTES = 2_000_000
MOST_PARTS = 200
MOST_HEADERS = 400
LONGEST_HEADER = 4_000
LONGEST_TEXT = 300_000

_DAMAGE = (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)
_ENCODED_WORD = re.compile(r"=\?([\w.:*+-]{1,40})\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_ENCODED_WORDS = re.compile(r"(\?=)\s+(=\?[\w.:*+-]{1,40}\?[bBqQ]\?)")
_TEXT_TYPES = ("text/", "message/")
_LEADING_BLANK = re.compile(rb"\A\s*\n(?=[A-Za-z][\w-]{0,60}:)")
_UNANNOUNCED = re.compile(
    rb"(?im)^--([^\s\"]{6,70})\ncontent-type:[ \t]*message/(?:delivery-status|rfc822|feedback-report)"
)
_ENVELOPE_LINE = re.compile(rb"\A(?:>?From .*\n)+")


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the mail; `inner` when it belongs to a mail that this one carries along."""

    type: str
    text: str
    inner: bool = False
    parameters: str = ""
    attached: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """What the rules read. Header names are in small letters."""

    headers: dict[str, tuple[str, ...]]
    parts: tuple[Part, ...]

    def header(self, name: str) -> str:
        """The first value of that header, unfolded and decoded; empty without one."""
        values = self.headers.get(name)
        return values[0] if values else ""

    @property
    def content_type(self) -> str:
        return self.header("content-type").lower()

    @property
    def subject(self) -> str:
        return self.header("subject")

    @property
    def sender(self) -> str:
        """The address in From, in small letters."""
        return address_in(self.header("from"))

    @property
    def date(self) -> datetime | None:
        """When it was written, by its own header, as the writer's clock showed it."""
        return moment(self.header("date"))

    def of_type(self, *types: str) -> list[Part]:
        return [part for part in self.parts if part.type in types and not part.inner]

    def text_parts(self, kind: str) -> list[Part]:
        return [part for part in self.of_type(kind) if not part.attached]


def address_in(value: str) -> str:
    """The address of a From or To line; empty when there is none."""
    if found := re.search(r"<\s*([^<>\s]{1,200}@[^<>\s]{1,200}?)\s*>", value[:LONGEST_HEADER]):
        return found[1].lower()
    if len(value) > 400 or value.count("(") > 20:
        found = re.search(r"[\w.+%&'=/!#$*?^`{|}~-]{1,100}@[\w.-]{1,200}", value[:LONGEST_HEADER])
        return found[0].lower() if found else ""
    return parseaddr(value)[1].lower()


def moment(value: str) -> datetime | None:
    if not value or len(value) > 200:
        return None
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def decode_bytes(raw: bytes, charset: str = "") -> str:
    """Text from bytes: by the named charset where it is believable, else UTF-8, else Windows' western one."""
    name = charset.strip().strip("\"'").lower()
    if b"\x1b$" in raw or b"\x1b(" in raw:
        name = "iso-2022-jp-2"
    if name.startswith("utf-16") and raw.count(b"\0") < len(raw) // 8:
        name = ""
    for candidate in (name, "utf-8"):
        if not candidate or candidate in {"us-ascii", "ascii"}:
            continue
        try:
            if not codecs.lookup(candidate)._is_text_encoding or candidate in _NOT_FOR_MAIL:
                continue
            return raw.decode(candidate)
        except (LookupError, ValueError):
            continue
    if name in _EASTERN:
        return raw.decode(name, "replace")
    return raw.decode("cp1252", "replace")


_NOT_FOR_MAIL = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "unicode-escape"}
_EASTERN = {
    "iso-2022-jp-2",
    "shift_jis",
    "cp932",
    "euc-jp",
    "gb2312",
    "gbk",
    "gb18030",
    "big5",
    "euc-kr",
    "ks_c_5601-1987",
}


def decode_header(value: str) -> str:
    """A header's text with its encoded words decoded, on one line."""
    text = re.sub(r"\s*\n\s*", " ", value[:LONGEST_HEADER]).strip()
    if "=?" not in text:
        return text
    return _ENCODED_WORD.sub(_decoded_word, _BETWEEN_ENCODED_WORDS.sub(r"\1\2", text))


def _decoded_word(found: re.Match[str]) -> str:
    charset, how, body = found.groups()
    try:
        raw = body.encode("ascii", "replace")
        if how in "bB":
            decoded = base64.b64decode(raw + b"=" * (-len(raw) % 4))
        else:
            decoded = quopri.decodestring(raw.replace(b"_", b" "), header=False)
    except (binascii.Error, ValueError):
        return found[0]
    return decode_bytes(decoded, charset.split("*")[0])


def parse(raw: bytes) -> Mail:
    """Read a whole mail. Never raises: the worst mail is one text without headers."""
    data = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = _ENVELOPE_LINE.sub(b"", _LEADING_BLANK.sub(b"", data, count=1), count=1)
    try:
        message = email.message_from_bytes(_with_parts_announced(data))
        parts = tuple(_leaves(message))
        headers = _headers(message)
    except _DAMAGE:
        return _read_plainly(data)
    return Mail(headers=headers, parts=parts)


def _with_parts_announced(data: bytes) -> bytes:
    """A body that is parted although its head does not say so, with the head mended."""
    head, gap, body = data.partition(b"\n\n")
    if not gap or b"multipart/" in head.lower():
        return data
    found = _UNANNOUNCED.search(body[:20_000])
    if found is None:
        return data
    head = re.sub(rb"(?im)^content-(?:type|transfer-encoding):.*(?:\n[ \t].*)*\n?", b"", head + b"\n")
    return head + b'Content-Type: multipart/mixed; boundary="' + found[1] + b'"\n\n' + body


def _read_plainly(data: bytes) -> Mail:
    head, _, body = data.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in decode_bytes(head).split("\n")[:MOST_HEADERS]:
        name, colon, value = line.partition(":")
        if colon and re.fullmatch(r"[A-Za-z][\w-]{0,60}", name):
            fields.setdefault(name.lower(), []).append(decode_header(value))
    body_text = decode_bytes(body)[:LONGEST_TEXT]
    return Mail({name: tuple(values) for name, values in fields.items()}, (Part("text/plain", body_text),))


def _headers(message: Message) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items() if hasattr(message, "raw_items") else ():
        values = found.setdefault(name.strip().lower(), [])
        if len(values) < 20:
            values.append(decode_header(_readable(str(value))))
        if len(found) >= MOST_HEADERS:
            break
    return {name: tuple(values) for name, values in found.items()}


def _readable(value: str) -> str:
    """A header with raw 8-bit bytes, which the parser keeps as lone surrogates, as text."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return decode_bytes(value.encode("utf-8", "surrogateescape"))
    return value


def _leaves(message: Message) -> Iterator[Part]:
    """Every leaf that can be read as text, in order, without recursion."""
    waiting: list[tuple[Message, bool]] = [(message, False)]
    seen = 0
    while waiting and seen < MOST_PARTS:
        current, inner = waiting.pop()
        seen += 1
        kind = _type_of(current)
        payload = current.get_payload()
        if kind in {"message/delivery-status", "message/feedback-report", "message/disposition-notification"}:
            yield Part(kind, _fields_text(current), inner, _parameters(current))
        elif isinstance(payload, list):
            carried = inner or kind in {"message/rfc822", "message/global"}
            children = [one for one in payload[:MOST_PARTS] if isinstance(one, Message)]
            if kind in {"message/rfc822", "message/global"}:
                for carried_mail in children[:1]:
                    yield Part(kind, _head_of(carried_mail), inner, _parameters(current), attached=True)
            waiting += [(one, carried) for one in reversed(children)]
        elif kind.startswith((*_TEXT_TYPES, "multipart/")):
            yield Part(_leaf_type(kind), _text(current), inner, _parameters(current), _is_attached(current))
        else:
            yield Part(kind, "", inner, _parameters(current), attached=True)


def _leaf_type(kind: str) -> str:
    return "text/plain" if kind.startswith("multipart/") else kind


def _type_of(message: Message) -> str:
    try:
        return message.get_content_type()
    except _DAMAGE:
        return "text/plain"


def _parameters(message: Message) -> str:
    return re.sub(r"\s+", " ", str(message.get("content-type", "")))[:500].lower()


def _is_attached(message: Message) -> bool:
    disposition = str(message.get("content-disposition", ""))[:200].lower()
    return disposition.startswith("attachment")


def _head_of(message: Message) -> str:
    pairs = _headers(message)
    return "\n".join(f"{name}: {value}" for name, values in pairs.items() for value in values)


def _fields_text(message: Message) -> str:
    """The fields of a report as text, one block a recipient, also where the report was encoded."""
    payload = message.get_payload()
    encoding = str(message.get("content-transfer-encoding", "")).strip().lower()
    blocks = [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else [message]
    texts: list[str] = []
    for block in blocks[:MOST_PARTS]:
        if isinstance(payload, list):
            texts.append(_head_of(block))
        body = block.get_payload()
        if isinstance(body, str) and body.strip():
            raw = _decoded(body.encode("utf-8", "surrogateescape"), encoding)
            texts.append(decode_bytes(raw))
    return "\n\n".join(text for text in texts if text)[:LONGEST_TEXT]


def _text(message: Message) -> str:
    if not isinstance(message.get_payload(), str):
        return ""
    raw = message.get_payload(decode=True)
    try:
        charset = str(message.get_param("charset", "") or "")
    except _DAMAGE:
        charset = ""
    text = decode_bytes(raw if isinstance(raw, bytes) else b"", charset)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")[:LONGEST_TEXT]


def _decoded(raw: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding == "base64":
        try:
            return base64.b64decode(raw)
        except (binascii.Error, ValueError):
            return raw
    return raw
