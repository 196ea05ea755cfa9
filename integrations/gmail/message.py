"""Read what Gmail says about a message: a draft to compare, or a mail that came in."""

import base64
import binascii
import contextlib
import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header

from core.mail.understanding import understand
from core.ports import ONE_CLICK, UNSUBSCRIBE, IncomingMail, Mail
from integrations.gmail.compose import read_text, usable_id
from integrations.gmail.resource import Message, Part

HTML_LIMIT = 500_000  # characters; what is beyond is not read
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:+-]{1,40})""", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ANGLED = re.compile(r"<\s*([^<>\s@]+@[^<>\s@]+)\s*>")
_BARE = re.compile(r"[^\s<>()\[\]:;,\"@]+@[^\s<>()\[\]:;,\"@]+")
_WAY_OUT = re.compile(r"<([^<>\s,]+)>")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_TAG = re.compile(r"(/?[A-Za-z][A-Za-z0-9]*)")
_HIDDEN = frozenset({"script", "style", "title", "template"})
_BREAKS = frozenset({"br", "p", "div", "tr", "li", "blockquote", "h1", "h2", "h3", "h4", "hr", "table", "ul", "ol"})
_AUTOMATIC_PRECEDENCE = frozenset({"bulk", "auto_reply", "auto-reply", "junk"})
_AUTOMATIC_HEADERS = ("X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Failed-Recipients")
_DAEMONS = frozenset({"mailer-daemon", "postmaster"})


def draft_mail(message: Message) -> Mail:
    """The draft as a mail to compare with the approved one. Whoever would get it is in `to`; attachments are named."""
    recipients = [address for name in ("To", "Cc", "Bcc") for address in addresses(message.payload.header(name))]
    attached = [part.filename for part in message.payload.walk() if part.filename]
    body = read_text(text(message))
    for filename in attached:
        body += f"\n[attached: {filename}]"
    return Mail(
        to=tuple(recipients),
        subject=_decoded(message.payload.header("Subject")),
        body=body,
        thread_id=message.thread_id,
        in_reply_to=message.payload.header("In-Reply-To") or None,
        unsubscribe_url=_way_out(message.payload),
    )


def _way_out(payload: Part) -> str | None:
    """The link if both headers are there as we write them, None if neither is; else all that they say, which equals none."""
    ways, how = (payload.all_headers(name) for name in (UNSUBSCRIBE, ONE_CLICK[0]))
    if not ways and not how:
        return None
    link = _WAY_OUT.fullmatch(ways[0].strip()) if len(ways) == 1 else None
    return link[1] if link and [one.strip() for one in how] == [ONE_CLICK[1]] else " ".join(("<", *ways, *how))


def is_like(message: Message, mail: Mail) -> bool:
    """Whether its headers name the same people and the same subject; its text is not looked at."""
    found = draft_mail(message)
    people = ({address.lower() for address in one.to} for one in (found, mail))
    return next(people) == next(people) and found.subject == mail.subject


def incoming(message: Message) -> IncomingMail:
    return IncomingMail(
        message_id=message.id,
        thread_id=message.thread_id,
        sender=_sender(message.payload),
        subject=" ".join(_decoded(message.payload.header("Subject")).split()),
        text=text(message),
        at=_EPOCH + timedelta(milliseconds=message.internal_date),
        automatic=automatic(message.payload),
        snippet=_storable(html.unescape(message.snippet)),
        header_id=usable_id(message.payload.header("Message-ID")),
    )


def with_bounce(mail: IncomingMail, raw: bytes) -> IncomingMail:
    """The mail, and if it is a notice that one of ours could not be delivered, to whom and why."""
    found = understand(raw).bounce
    if found is None or not found.recipient:
        return mail
    return replace(
        mail,
        bounced=_storable(found.recipient),
        bounce_status=_STATUS_OF_KIND.get(found.kind, "5.0.0"),
        bounce_reason=_storable(found.reason),
    )


_STATUS_OF_KIND = {"hard": "5.1.1", "policy": "5.7.1", "soft": "4.2.0"}
"""The class of failure is judged from the whole notice; its code alone misleads."""


def automatic(payload: Part) -> bool:
    """Whether a machine wrote it: an out-of-office note, a bounce, a bulk mail."""
    submitted = payload.header("Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or payload.header("Precedence").strip().lower() in _AUTOMATIC_PRECEDENCE
        or any(payload.header(name).strip() for name in _AUTOMATIC_HEADERS)
        or payload.mime_type.lower() == "multipart/report"
        or payload.header("Return-Path").strip() == "<>"
        or _sender(payload).partition("@")[0].lower() in _DAEMONS
    )


def text(message: Message) -> str:
    """The plain text, or the HTML without its tags, or else Gmail's snippet; LF line ends."""
    parts = [part for part in message.payload.walk() if part.body.data and not part.filename]
    for part in parts:
        if part.mime_type.lower() == "text/plain":
            return _storable(_lines(_content(part)))
    for part in parts:
        if part.mime_type.lower() == "text/html":
            return _storable(_without_tags(_content(part)[:HTML_LIMIT]))
    return _storable(html.unescape(message.snippet))


def addresses(header: str) -> list[str]:
    """The bare addresses in an address header, in order; display names are not looked into."""
    pieces = _QUOTED.sub(" ", header).split(",")
    return [found[-1] for piece in pieces if (found := _ANGLED.findall(piece) or _BARE.findall(piece))]


def _sender(payload: Part) -> str:
    found = addresses(payload.header("From"))
    return _storable(found[-1]) if found else ""


def _content(part: Part) -> str:
    """The part's text. Gmail hands some texts over in UTF-8 whatever their charset was, so that is tried first."""
    data = _bytes(part.body.data)
    named = _CHARSET.search(part.header("Content-Type"))
    charset = named[1].lower() if named else "utf-8"
    if b"\x1b" not in data and not charset.startswith(("utf-7", "hz")):  # these hide their text in plain ASCII
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("cp1252" if charset in ("utf-8", "us-ascii", "iso-8859-1") else charset, errors="replace")
    except (LookupError, ValueError):  # a charset nobody knows, or one that is none
        return data.decode("utf-8", errors="replace")


def _bytes(data: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


def _decoded(header: str) -> str:
    """A header's text; encoded words are decoded where Gmail left them as they were."""
    if "=?" in header:
        with contextlib.suppress(LookupError, ValueError):  # not an encoded word after all
            header = str(make_header(decode_header(header)))
    return _storable(header)


def _storable(content: str) -> str:
    return _NOT_TEXT.sub("\ufffd", content)


def _lines(content: str) -> str:
    return content.replace("\r\n", "\n").replace("\r", "\n")


def _without_tags(content: str) -> str:
    """The text of a page in one pass, whatever state it is in: the library's parser takes minutes for hostile pages."""
    first, *commented = content.split("<!--")
    first, *rest = "".join([first, *(piece.partition("-->")[2] for piece in commented)]).split("<")
    pieces, hidden = [first], ""
    for piece in rest:
        tag, closed, text = piece.partition(">")
        named = _TAG.match(tag)
        name = named[1].lower() if named else ""
        if hidden and name != f"/{hidden}":
            continue
        hidden = name if name in _HIDDEN else ""
        if not (name or tag.startswith(("!", "?"))):
            pieces.append(f"<{piece}")  # no tag: `a < b`
        elif not hidden:
            pieces.append("\n" if name.lstrip("/") in _BREAKS else "")
            pieces.append(re.sub(r"\s+", " ", text) if closed else "")
    lines = (" ".join(line.split()) for line in html.unescape("".join(pieces)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
