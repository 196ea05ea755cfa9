"""Write an approved mail as bytes: the same for the same mail and key, and never with a header that was not meant."""

import re
import unicodedata
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, compat32, default

from core.ports import Mail, Rejected
from integrations.gmail import headers

KEY_HEADER = "X-CaseyOS-Key"
MESSAGE_ID_DOMAIN = "caseyos.example"
NAME_LIMIT = 70
SUBJECT_LIMIT = 1000
MESSAGE_ID_LIMIT = 900

# What every mail server takes; quoted and exotic forms are refused.
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_KEY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")  # printable ASCII, but no angle bracket and no second at sign
_WAY_OUT = re.compile(r"(?=.{1,800}\Z)https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)+")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators
_UNSEEN = _UNPRINTABLE | {"Cf", "Co", "Cn"}


def compose(mail: Mail, *, key: str, sender: str) -> bytes:
    """The mail with CRLF line ends, one plain-text part in UTF-8. Raises Rejected when it cannot be written exactly."""
    _check(mail, key=key, sender=sender)
    shown = display_name(mail.from_name)
    for name in dict.fromkeys((shown, "")):  # rather without a name than under another
        raw = _write(mail, key=key, sender=sender, name=name)
        if _reads_back(raw, mail, key=key, sender=sender, name=name):
            return raw
    raise Rejected("the mail cannot be written so that it reads the same; use plainer words")


def display_name(text: str) -> str:
    """A display name in one line: whatever could break or disguise a header has become a space."""
    seen = "".join(" " if unicodedata.category(char) in _UNSEEN else char for char in text)
    return " ".join(seen.split())[:NAME_LIMIT].strip()


def read_text(content: str) -> str:
    """The text of a part that `compose` wrote: LF line ends, without the newline that ends the part."""
    return _lines(content).removesuffix("\n")


def _check(mail: Mail, *, key: str, sender: str) -> None:
    if not _KEY.fullmatch(key):
        raise Rejected("the key of a mail is letters, digits, dots and dashes, 100 at most")
    if not mail.to:
        raise Rejected("the mail has no recipient")
    for address in (*mail.to, sender):
        if not _ADDRESS.fullmatch(address) or len(address.partition("@")[0]) > 64:
            raise Rejected("a recipient is not an address that every mail server takes")
    if bad := _first(mail.subject, _UNPRINTABLE):
        raise Rejected(f"the subject has a character that may not be in a mail header ({bad}); write it in one line")
    if len(mail.subject) > SUBJECT_LIMIT:
        raise Rejected(f"the subject is longer than {SUBJECT_LIMIT} characters")
    if "\0" in mail.body or _first(mail.body, frozenset({"Cs"})):
        raise Rejected("the text has a character that no mail can carry (NUL or half of a surrogate pair)")
    answered = mail.in_reply_to
    if answered is not None and not usable_id(answered):
        raise Rejected("the mail it answers has no usable Message-ID")
    if mail.unsubscribe_url is not None and not _WAY_OUT.fullmatch(mail.unsubscribe_url):
        raise Rejected("the unsubscribe link is not a plain https address")


def usable_id(message_id: str) -> str:
    """The Message-ID if an answer may name it in its headers, else nothing."""
    fits = len(message_id) <= MESSAGE_ID_LIMIT and _MESSAGE_ID.fullmatch(message_id)
    return message_id if fits else ""


def _write(mail: Mail, *, key: str, sender: str, name: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = headers.sender("From", display_name=name, address=sender)
    message["To"] = headers.recipients("To", mail.to)
    message["Subject"] = headers.text("Subject", mail.subject)
    message["Message-ID"] = headers.Line("Message-ID", f"<{key}@{MESSAGE_ID_DOMAIN}>")
    if mail.in_reply_to is not None:
        message["In-Reply-To"] = headers.Line("In-Reply-To", mail.in_reply_to)
        message["References"] = headers.Line("References", mail.in_reply_to)
    for header, value in mail.unsubscribe_headers:
        message[header] = headers.Line(header, value)
    message[KEY_HEADER] = headers.Line(KEY_HEADER, key)
    # The newline at the end is the part's own: a text that ends in one keeps it.
    message.set_content(f"{_lines(mail.body)}\n", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()


def _reads_back(raw: bytes, mail: Mail, *, key: str, sender: str, name: str) -> bool:
    """Whether a parser finds in these bytes what was meant and nothing else."""
    meant = ["From", "To", "Subject", "Message-ID", KEY_HEADER]
    meant += ["Content-Type", "Content-Transfer-Encoding", "MIME-Version"]
    if mail.in_reply_to is not None:
        meant += ["In-Reply-To", "References"]
    meant += [header for header, _ in mail.unsubscribe_headers]
    try:
        found = BytesParser(policy=default).parsebytes(raw)
        return (
            sorted(found.keys()) == sorted(meant)
            and [one.addr_spec for one in found["From"].addresses] == [sender]
            and name in (found["From"].addresses[0].display_name, _decoded_name(raw))
            and [(one.addr_spec, one.display_name) for one in found["To"].addresses] == [(to, "") for to in mail.to]
            and str(found["Subject"]) == mail.subject
            and all(str(found[header]) == value for header, value in mail.unsubscribe_headers)
            and str(found[KEY_HEADER]) == key
            and read_text(found.get_content()) == _lines(mail.body)
        )
    except (MessageError, ValueError, IndexError, AttributeError, LookupError):
        return False  # the parser gives up on some texts


def _decoded_name(raw: bytes) -> str:
    """The display name of the From header by the older parser: the newer one puts blanks between encoded words."""
    value = str(BytesParser(policy=compat32).parsebytes(raw, headersonly=True)["From"])
    return str(make_header(decode_header(value.rpartition("<")[0].strip())))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first(text: str, categories: frozenset[str]) -> str | None:
    return next((f"U+{ord(char):04X}" for char in text if unicodedata.category(char) in categories), None)
