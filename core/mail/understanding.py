"""All that is understood of one mail, from its bytes alone."""

from dataclasses import dataclass
from datetime import date

from core.mail import automatic, bounce
from core.mail.automatic import Class
from core.mail.bounce import Bounce
from core.mail.intent import Intent, intent_of
from core.mail.parsing import Mail, parse
from core.mail.reply import reply_of

_NO_INTENT = Intent("none")

# Together they touch every table.
_SAMPLES = (
    b"From: Ann <ann@hill.example>\nSubject: Re: Offer\nIn-Reply-To: <1@b.example>\n\nThanks, noted.\n\nOn 3 May 2026 Bo <bo@b.example> wrote:\n> Hi\n",
    b"From: ann@hill.example\nDate: Tue, 24 Nov 2026 09:00:00 +0000\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am back on 1 December.\n",
    b"From: MAILER-DAEMON@hill.example\nSubject: Undelivered mail\n\nYour message could not be delivered.\n\nbo@hill.example: refused\n",
    b"From: news@hill.example\nSubject: Hill\n\nHello\n",
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """`bounce` is there exactly for the class bounce; `return_date` is the first day back that an absence note states."""

    class_: Class
    bounce: Bounce | None = None
    reply_text: str = ""
    intent: Intent = _NO_INTENT
    return_date: date | None = None


def understand(raw: bytes) -> Understanding:
    """Classify a mail. Never raises, and depends on nothing but the bytes."""
    return understand_mail(parse(raw))


def prepare() -> None:
    """Read all tables now, for which the first mails would otherwise wait."""
    for sample in _SAMPLES:
        understand(sample)


def understand_mail(mail: Mail) -> Understanding:
    reply = reply_of(mail)
    kind = automatic.class_of(mail, reply)
    if kind == "bounce":
        return Understanding(kind, bounce=bounce.read(mail))
    if kind == "human":
        return Understanding(
            kind, reply_text=reply.text, intent=intent_of(reply.own, subject=mail.subject, sender=mail.sender)
        )
    if kind == "out_of_office":
        return Understanding(kind, reply_text=reply.text, return_date=automatic.return_date(mail, reply))
    if kind == "auto_reply":
        return Understanding(kind, reply_text=reply.text)
    return Understanding(kind)
