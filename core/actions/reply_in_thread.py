"""Answer a mail where it stands: a draft in the same Gmail thread, which is then sent as any other mail."""

from pydantic import Field

from core.actions.send_email import CreateDraft, SendDraft, SendEmail, rendered
from core.actions.send_email import plan as mail_plan
from core.plan import Action, Plan, Words
from core.ports import Mail


class ReplyInThread(SendEmail, frozen=True):
    """`in_reply_to` is the Message-ID of the mail that is answered; the subject is the thread's own."""

    thread_id: str = Field(min_length=1)
    in_reply_to: str = Field(min_length=1)

    def mail(self) -> Mail:
        return Mail(
            to=self.to,
            subject=self.subject,
            body=self.body,
            from_name=self.from_name,
            thread_id=self.thread_id,
            in_reply_to=self.in_reply_to,
            unsubscribe_url=self.unsubscribe_url,
        )


def plan(params: ReplyInThread) -> Plan:
    mail = mail_plan(params)
    return Plan(
        kind="reply_in_thread",
        summary=f"Answer {', '.join(params.to)}: {params.subject}",
        content=mail.content,
        recipients=mail.recipients,
        exact=(*mail.exact, ("In reply to", params.in_reply_to)),
        subject=mail.subject,
        body=mail.body,
    )


REPLY_IN_THREAD = Action(
    kind="reply_in_thread",
    params=ReplyInThread,
    plan=plan,
    steps=(CreateDraft(), SendDraft()),
    words=Words(
        title="Answer this mail",
        submit="Send",
        promise="Exactly this leaves in the same thread, {hold} s after you press Send if you choose no other time. Until then "
        "the card has Undo, and the draft lies in Gmail; afterwards a mail cannot be called back.",
        done="answered",
        place="Gmail",
        thing="mail",
    ),
    expects_reply=True,
    may_wait=True,
    rendered=rendered,
)
