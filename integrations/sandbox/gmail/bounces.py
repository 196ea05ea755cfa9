"""A mail that could not be delivered: the report of RFC 3464 that comes back, as Gmail writes it."""

from __future__ import annotations

from datetime import timedelta
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from integrations.sandbox.gmail import mime
from integrations.sandbox.gmail.mailbox import Mailbox, facts, mail_of
from integrations.sandbox.store import utc_now

if TYPE_CHECKING:
    from integrations.sandbox.gmail.mime import Mail
    from integrations.sandbox.store import Store

DAEMON = "Mail Delivery Subsystem <mailer-daemon@mail.gmail.example>"
OWN_SERVER = "mail.gmail.example"
RETRIED_FOR = timedelta(days=2)

Doc = dict[str, Any]


class Bounce(NamedTuple):
    """Why a mail did not arrive: what the daemon writes and what the other server had said."""

    subject: str
    headline: str
    reason: str
    action: str
    status: str
    said: str


BOUNCES = {
    "hard": Bounce(
        "Delivery Status Notification (Failure)",
        "Address not found",
        "Your message wasn't delivered to {to} because the address couldn't be found, or is unable to receive mail.",
        "failed",
        "5.1.1",
        "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the"
        " recipient's email address for typos or unnecessary spaces.",
    ),
    "soft": Bounce(
        "Delivery Status Notification (Delay)",
        "Delivery incomplete",
        "There was a temporary problem delivering your message to {to}. Gmail will retry for 46 more hours. You'll be"
        " notified if the delivery fails permanently.",
        "delayed",
        "4.2.2",
        "452 4.2.2 The recipient's inbox is out of storage space and inactive.",
    ),
    "policy": Bounce(
        "Delivery Status Notification (Failure)",
        "Message blocked",
        "Your message to {to} has been blocked. See technical details below for more information.",
        "failed",
        "5.7.1",
        "550 5.7.1 Message rejected due to local policy. Please contact the administrator of the recipient's domain.",
    ),
}


def bounce(store: Store, sent: Doc, *, email: str, kind: str) -> Doc:
    """The report about `sent` arrives in its thread."""
    report = _report(mail_of(sent), sent, email, BOUNCES[kind], store.next_id("bounce"))
    with store.transaction():
        message = Mailbox(store).receive(mime.parse(report), sent["threadId"])
        store.record("gmail", "act", "bounce", {"to": email, "kind": kind, "answers": sent["id"]})
        store.record("gmail", "effect", "mail_received", {**facts(message), "answers": sent["id"]})
    return message


def _report(asked: Mail, sent: Doc, email: str, why: Bounce, number: int) -> bytes:
    now = utc_now()
    report = MIMEMultipart("report", report_type="delivery-status", policy=SMTP)
    sender = asked.addresses("From")[0]
    headers = {
        "Delivered-To": sender,
        "Return-Path": "<>",
        "From": DAEMON,
        "To": sender,
        "Auto-Submitted": "auto-replied",
        "Subject": why.subject,
        "Message-ID": f"<b{number}.{sent['id']}.GMR@{OWN_SERVER}>",
        "In-Reply-To": sent["messageId"],
        "References": sent["messageId"],
        "X-Failed-Recipients": email,
        "Date": format_datetime(now),
    }
    for name, value in headers.items():
        report[name] = value
    text = f"** {why.headline} **\n\n{why.reason.format(to=email)}\n\nThe response was:\n\n{why.said}\n"
    report.attach(MIMEText(text, "plain", "utf-8", policy=SMTP))
    report.attach(_status(asked, email, why))
    report.attach(MIMEMessage(asked.message, policy=SMTP))
    return report.as_bytes(policy=SMTP)


def _status(asked: Mail, email: str, why: Bounce) -> MIMEBase:
    now = utc_now()
    domain = email.rpartition("@")[2]
    about_mail = {
        "Reporting-MTA": f"dns; {OWN_SERVER}",
        "Arrival-Date": str(asked.message["Date"]),
        "X-Original-Message-ID": asked.message_id,
    }
    about_person = {
        "Final-Recipient": f"rfc822; {email}",
        "Action": why.action,
        "Status": why.status,
        "Remote-MTA": f"dns; mx.{domain}. (192.0.2.25, the server for the domain {domain}.)",
        "Diagnostic-Code": f"smtp; {why.said}",
        "Last-Attempt-Date": format_datetime(now),
    }
    if why.action == "delayed":
        about_person["Will-Retry-Until"] = format_datetime(now + RETRIED_FOR)
    status = MIMEBase("message", "delivery-status", policy=SMTP)
    for fields in (about_mail, about_person):
        block = Message(policy=SMTP)
        for name, value in fields.items():
            block[name] = value
        status.attach(block)
    return status
