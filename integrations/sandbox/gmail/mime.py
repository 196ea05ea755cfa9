"""Read mails, refuse what Gmail refuses, rewrite the headers that Gmail rewrites, and take them apart for an answer."""

import base64
import html
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from integrations.sandbox.google.errors import invalid

SIZE_LIMIT = 25 * 1024 * 1024
ONCE = ("From", "To", "Cc", "Bcc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References")
RECIPIENTS = ("To", "Cc", "Bcc")
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+\Z")
LINE_END = re.compile(rb"\r\n|\n|\r")
MESSAGE_ID = re.compile(r"<[^<>\s]+>")


@dataclass(frozen=True)
class Mail:
    """A mail as its parsed form and its bytes with CRLF line ends."""

    raw: bytes
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def message_id(self) -> str:
        return str(self.message.get("Message-ID", "")).strip()

    @property
    def text(self) -> str:
        body = self.message.get_body(preferencelist=("plain", "html"))
        if body is None:
            return ""
        try:
            content = str(body.get_content()).replace("\r\n", "\n")
        except LookupError:  # a charset that Python does not know
            return ""
        return content if body.get_content_type() == "text/plain" else _without_tags(content)

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    def recipients(self) -> list[str]:
        """Every address it goes to, in lower case."""
        return [address.lower() for name in RECIPIENTS for address in self.addresses(name)]

    def addresses(self, name: str) -> list[str]:
        header = self.message.get(name)
        return [one.addr_spec for one in header.addresses] if isinstance(header, AddressHeader) else []

    def answers(self) -> set[str]:
        """The Message-IDs that this mail says it follows."""
        return {
            id for name in ("In-Reply-To", "References") for id in MESSAGE_ID.findall(str(self.message.get(name, "")))
        }


def read(raw: bytes) -> Mail:
    """Parse a mail as it was handed in; refuses what Gmail would not even keep as a draft."""
    if len(raw) > SIZE_LIMIT:
        raise invalid("Message exceeds the maximum size of 25 MB")
    _refuse_bare_line_ends(raw)
    return parse(raw)


def parse(raw: bytes) -> Mail:
    normal = LINE_END.sub(b"\r\n", raw)
    message = message_from_bytes(normal, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise invalid("Invalid message")
    for name in ONCE:
        if len(message.get_all(name, [])) > 1:
            raise invalid(f"Invalid message: there are multiple {name} headers")
    for name in message:
        if not re.fullmatch(r"[!-9;-~]+", name):
            raise invalid("Invalid header name")
        try:
            values = [str(value) for value in message.get_all(name, [])]
        except (IndexError, ValueError, LookupError, AttributeError) as error:  # the parser gives up on some
            raise invalid(f"Invalid {name} header") from error
        if any(re.search(r"[\r\n\0]", value) for value in values):
            raise invalid(f"Invalid {name} header")
    if message.defects:
        raise invalid(f"Invalid message: {type(message.defects[0]).__name__}")
    mail = Mail(normal, message)
    for name in (*RECIPIENTS, "From", "Reply-To"):
        header = message.get(name)
        if header is not None and str(header).strip():
            found = mail.addresses(name)
            if not found or not all(ADDRESS.match(address) for address in found):
                raise invalid(f"Invalid {name} header")
    return mail


def refuse_without_recipient(mail: Mail) -> None:
    if "To" in mail.message and not mail.addresses("To"):
        raise invalid("Invalid To header")
    if not mail.recipients():
        raise invalid("Recipient address required")


def rewritten(mail: Mail, *, sender: str, sender_name: str, message_id: str, at: datetime, sent: bool) -> Mail:
    """The mail as Gmail keeps it: the mailbox as sender, its own Message-ID when sent, the body untouched."""
    head, separator, body = mail.raw.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head) if head else []
    drop = set()
    extra = []
    if mail.addresses("From") != [sender]:
        drop.add(b"from")
        extra.append(f"From: {sender_name} <{sender}>")
    if sent or not mail.message_id:
        drop.add(b"message-id")
        extra.append(f"Message-ID: {message_id}")
    if not mail.message.get("Date"):
        drop.add(b"date")
        extra.append(f"Date: {format_datetime(at)}")
    if not mail.message.get("MIME-Version"):
        extra.append("MIME-Version: 1.0")
    kept = [field for field in fields if field.partition(b":")[0].strip().lower() not in drop]
    return parse(b"\r\n".join([*(line.encode() for line in extra), *kept]) + b"\r\n\r\n" + (body if separator else b""))


def subject_stem(subject: str) -> str:
    """The subject without `Re:` and `Fwd:`, for comparing threads."""
    return re.sub(r"^(\s*(re|fwd?|aw|wg)\s*:\s*)+", "", subject, flags=re.IGNORECASE).strip().casefold()


def payload(mail: Mail, *, body: bool, only: set[str] | None = None) -> dict[str, Any]:
    """Gmail's `payload`: the tree of parts, or with `body` false the headers alone (those in `only`, lower case)."""
    if body:
        return _part(mail.message, "", mail.headers)
    headers = [(name, value) for name, value in mail.headers if only is None or name.lower() in only]
    return {"mimeType": mail.message.get_content_type(), "headers": _pairs(headers)}


def snippet(mail: Mail) -> str:
    return html.escape(" ".join(mail.text.split())[:200], quote=True).replace("&#x27;", "&#39;")


def urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")


def _part(part: EmailMessage, id: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "partId": id,
        "mimeType": part.get_content_type(),
        "filename": part.get_filename() or "",
        "headers": _pairs(headers),
    }
    inner = [child for child in part.iter_parts() if isinstance(child, EmailMessage)]
    prefix = f"{id}." if id else ""
    if part.get_content_type() == "message/delivery-status":
        return {**found, "body": {"size": 0}, "parts": [_delivery_status(inner, f"{prefix}0")]}
    if inner:
        found["body"] = {"size": 0}
        found["parts"] = [
            _part(child, f"{prefix}{n}", [(name, str(value)) for name, value in child.items()])
            for n, child in enumerate(inner)
        ]
        return found
    data = part.get_payload(decode=True)
    content = data if isinstance(data, bytes) else b""
    if part.get_filename():
        found["body"] = {"attachmentId": f"ANGjdJ{id.replace('.', '_') or '0'}", "size": len(content)}
    else:
        found["body"] = {"size": len(content), **({"data": urlsafe(content)} if content else {})}
    return found


def _delivery_status(blocks: list[EmailMessage], id: str) -> dict[str, Any]:
    """The fields of a report on delivery, which Gmail shows as the text of a part inside."""
    content = b"\r\n".join(block.as_bytes(policy=policy.SMTP) for block in blocks)
    body = {"size": len(content), "data": urlsafe(content)}
    return {"partId": id, "mimeType": "text/plain", "filename": "", "headers": [], "body": body}


def _pairs(headers: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _without_tags(content: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", content))


def _refuse_bare_line_ends(raw: bytes) -> None:
    """All lines of the header end alike, in CRLF or in LF; anything else may smuggle a header in."""
    ends = set()
    position = 0
    for match in LINE_END.finditer(raw):
        ends.add(match.group())
        if match.start() == position:
            break
        position = match.end()
    if len(ends) > 1 or b"\r" in ends:
        raise invalid("Invalid header: bare CR or LF")
