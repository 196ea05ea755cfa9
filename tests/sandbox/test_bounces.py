"""A bounce is a report that mail programs can read: who, for how long, and which mail of ours it was."""

import base64
from email import message_from_bytes, policy

import pytest

from tests.sandbox.world_support import DANA, header, mail, outside


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


async def raw(world, id):
    said = await world.done(world.messages.get(userId="me", id=id, format="raw"))
    return message_from_bytes(base64.urlsafe_b64decode(said["raw"]), policy=policy.default)


@pytest.mark.parametrize(
    ("kind", "action", "status"),
    [("hard", "failed", "5.1.1"), ("soft", "delayed", "4.2.2"), ("policy", "failed", "5.7.1")],
)
async def test_a_bounce_is_a_delivery_report_about_the_newest_mail(world, kind, action, status):
    await world.sent(mail(subject="Older"))
    sent = await world.sent(mail(subject="Grüße aus dem Hafen", text="Grüße\n", X_CaseyOS_Effect="e7"))
    got = await world.do("bounce", to=DANA.upper(), kind=kind)
    report = await raw(world, got["id"])
    assert (report.get_content_type(), report.get_param("report-type")) == ("multipart/report", "delivery-status")
    assert (report["Auto-Submitted"], report["X-Failed-Recipients"]) == ("auto-replied", DANA)
    said, delivery, original = report.iter_parts()
    assert DANA in said.get_content()
    _about_mail, about_person = delivery.get_payload()
    assert (about_person["Action"], about_person["Status"]) == (action, status)
    assert about_person["Final-Recipient"] == f"rfc822; {DANA}"
    assert ("Will-Retry-Until" in about_person) is (kind == "soft")
    inside = original.get_content()
    assert (inside["X-CaseyOS-Effect"], inside["Subject"]) == ("e7", "Grüße aus dem Hafen")

    kept = await world.done(world.messages.get(userId="me", id=sent["id"]))
    assert report["In-Reply-To"] == inside["Message-ID"] == header(kept, "Message-ID")
    assert got["thread_id"] == sent["threadId"]
    received = world.ledger("effect", "mail_received")
    assert [(each["answers"], each["labels"]) for each in received] == [(sent["id"], ["INBOX", "UNREAD"])]


async def test_gmail_shows_the_fields_of_a_report_as_a_part_inside(world):
    await world.sent(mail())
    got = await world.do("bounce", to=DANA, kind="hard")
    payload = (await world.done(world.messages.get(userId="me", id=got["id"])))["payload"]
    assert [each["mimeType"] for each in payload["parts"]] == [
        "text/plain",
        "message/delivery-status",
        "message/rfc822",
    ]
    report = payload["parts"][1]
    assert report["body"] == {"size": 0}
    fields = base64.urlsafe_b64decode(report["parts"][0]["body"]["data"]).decode()
    assert report["parts"][0]["mimeType"] == "text/plain"
    assert "\r\n\r\nFinal-Recipient: rfc822; " in fields
    assert "\r\nStatus: 5.1.1\r\n" in fields
    original = payload["parts"][2]["parts"][0]
    assert header({"payload": original}, "Subject") == "Exhibit prices"


async def test_nothing_bounces_that_was_not_sent(world):
    await world.do("bounce", 404, to=DANA, kind="hard")
    await world.sent(mail())
    await world.do("bounce", 400, to=DANA, kind="odd")
    await world.do("bounce", 400, to="nobody", kind="hard")
    assert world.ledger("effect", "mail_received") == []
