"""What a person does in Gmail without the API: answer a mail, edit or delete a draft."""

from __future__ import annotations

import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox.gmail import mime
from integrations.sandbox.gmail.mailbox import OWNER, Mailbox, facts, mail_of
from integrations.sandbox.store import utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from integrations.sandbox.gmail.mime import Mail
    from integrations.sandbox.store import Store

OWN_BODY_HEADERS = ("content-type", "content-transfer-encoding", "content-disposition", "mime-version", "subject")
Doc = dict[str, Any]


def find_sent(store: Store, *, to: str, message_id: str | None) -> Doc | None:
    """The newest mail sent to this address, or the one with this id (Gmail's or the Message-ID)."""
    for message in reversed(Mailbox(store).messages()):
        if "SENT" not in message["labelIds"] or to.lower() not in message["to"]:
            continue
        if message_id is None or message_id in (message["id"], message["messageId"]):
            return message
    return None


def reply(store: Store, sent: Doc, *, email: str, name: str, text: str, headers: dict[str, str]) -> Doc:
    """The person's answer arrives in the thread; ValueError when a header is none."""
    now = utc_now()
    number = store.next_id("reply")
    mail = _reply(sent, Address(name, addr_spec=email), text, message_id=f"<r{number}.{sent['id']}@{_domain(email)}>")
    mail["Date"] = format_datetime(now)
    for header, value in headers.items():
        del mail[header]
        mail[header] = value
    with store.transaction():
        message = Mailbox(store).receive(mime.parse(mail.as_bytes(policy=SMTP)), sent["threadId"])
        asked = {"from": email, "answers": sent["id"], "text": text}
        store.record("gmail", "act", "reply", asked)
        store.record("gmail", "effect", "mail_received", {**facts(message), "answers": sent["id"]})
    return message


def edit_draft(store: Store, id: str, *, text: str | None, subject: str | None) -> Doc:
    """Gmail's editor saves the draft: same draft, same thread, another message."""
    mailbox = Mailbox(store)
    with store.transaction():
        old = mailbox.message(mailbox.draft(id)["messageId"])
        mail = _edited(mail_of(old), text=text, subject=subject)
        draft = mailbox.replace_draft(id, mail, old["threadId"])
        message = mailbox.message(draft["messageId"])
        store.record("gmail", "act", "draft", {"id": id, "text": text, "subject": subject})
        store.record("gmail", "effect", "draft_updated", {**facts(message), "draft_id": id, "by": "person"})
    return message


def delete_draft(store: Store, id: str) -> None:
    with store.transaction():
        message = Mailbox(store).delete_draft(id)
        store.record("gmail", "act", "draft", {"id": id, "delete": True})
        store.record("gmail", "effect", "draft_deleted", {**facts(message), "draft_id": id, "by": "person"})


def overview(store: Store) -> dict[str, list[Doc]]:
    """The mailbox as `GET /control/gmail` shows it."""
    mailbox = Mailbox(store)
    drafts = [
        {**facts(message), "id": draft["id"]}
        for draft in mailbox.drafts()
        for message in [mailbox.message(draft["messageId"])]
    ]
    return {
        "drafts": drafts,
        "messages": [facts(each) for each in mailbox.messages() if "DRAFT" not in each["labelIds"]],
    }


def _reply(sent: Doc, person: Address, text: str, *, message_id: str) -> EmailMessage:
    asked = mail_of(sent)
    mail = EmailMessage()
    mail["Delivered-To"] = sent_from(asked)
    mail["Return-Path"] = f"<{person.addr_spec}>"
    mail["From"] = person
    mail["To"] = Address(OWNER, addr_spec=sent_from(asked))
    stem = sent["subject"]
    mail["Subject"] = stem if stem.lower().startswith("re:") else f"Re: {stem}"
    mail["Message-ID"] = message_id
    mail["In-Reply-To"] = sent["messageId"]
    earlier = str(asked.message.get("References", "")).split()
    mail["References"] = " ".join([*earlier, sent["messageId"]])
    said = text.strip()
    when = _as_gmail_says(utc_now() if asked.message["Date"] is None else asked.message["Date"].datetime)
    intro = f"On {when} {OWNER} <{sent_from(asked)}> wrote:"
    quoted = "\n".join(f"> {line}".rstrip() for line in asked.text.strip().splitlines())
    mail.set_content(f"{said}\n\n{intro}\n\n{quoted}\n")
    mail.add_alternative(
        f'<div dir="ltr">{_lines(said)}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f'{html.escape(intro)}<br></div><blockquote class="gmail_quote">{_lines(asked.text.strip())}</blockquote>'
        "</div>",
        subtype="html",
    )
    return mail


def sent_from(mail: Mail) -> str:
    return mail.addresses("From")[0]


def _edited(mail: Mail, *, text: str | None, subject: str | None) -> Mail:
    edited = EmailMessage()
    for name, value in mail.message.items():
        if name.lower() not in OWN_BODY_HEADERS:
            edited[name] = str(value)
    edited["Subject"] = mail.subject if subject is None else subject
    edited.set_content(mail.text if text is None else text)
    return mime.parse(edited.as_bytes(policy=SMTP.clone(max_line_length=998)))  # a long link stays one word


def _as_gmail_says(moment: datetime) -> str:
    hour = moment.strftime("%I").lstrip("0")
    return f"{moment:%a}, {moment:%b} {moment.day}, {moment.year} at {hour}:{moment:%M %p}"


def _lines(text: str) -> str:
    return "<br>\n".join(html.escape(line) for line in text.splitlines())


def _domain(email: str) -> str:
    return email.rpartition("@")[2]
