"""A draft is consumed once, whatever the connection does, and a mail leaves under Gmail's own Message-ID."""

import asyncio
import base64

import aiohttp
import pytest

from tests.sandbox.world_support import GOOGLE, as_body, header, mail, outside, raw_body


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


async def test_a_draft_is_sent_once_and_keeps_its_thread(world):
    draft = await world.draft(mail(Message_ID="<ours@pier7.example>", X_CaseyOS_Effect="e1"))
    assert draft["message"]["labelIds"] == ["DRAFT"]
    read = await world.done(world.drafts.get(userId="me", id=draft["id"]))
    assert header(read["message"], "X-CaseyOS-Effect") == "e1"

    sent = await world.done(world.drafts.send(userId="me", body={"id": draft["id"]}))
    again = await world.call(world.drafts.send(userId="me", body={"id": draft["id"]}))
    gone = await world.call(world.drafts.get(userId="me", id=draft["id"]))

    assert (again.status, gone.status) == (404, 404)
    assert again.body["error"]["status"] == "NOT_FOUND"
    assert "drafts" not in await world.done(world.drafts.list(userId="me"))
    assert sent["threadId"] == draft["message"]["threadId"]
    assert sent["id"] != draft["message"]["id"]
    assert sent["labelIds"] == ["SENT"]
    kept = await world.done(world.messages.get(userId="me", id=sent["id"]))
    assert header(kept, "X-CaseyOS-Effect") == "e1"
    assert header(kept, "Message-ID") != "<ours@pier7.example>"
    mails = world.ledger("effect", "mail_sent")
    assert [each["headers"]["X-CaseyOS-Effect"] for each in mails] == ["e1"]
    assert mails[0]["draft_id"] == draft["id"]
    assert mails[0]["to"] == ["dana.whitfield@northpier.example"]
    assert [each["status"] for each in world.ledger("request", "drafts.send")] == [200, 404]
    assert len(world.ledger("refused", "drafts.send")) == 1


async def test_fifty_at_once_send_one_draft_once(world):
    draft = await world.draft(mail())
    request = world.drafts.send(userId="me", body={"id": draft["id"]})
    answers = await asyncio.gather(*(world.call(request) for _ in range(50)))
    assert sorted(each.status for each in answers) == [200, *[404] * 49]
    assert len(world.ledger("effect", "mail_sent")) == 1


async def test_a_lost_answer_leaves_exactly_one_draft(world):
    await world.do("fault", service="gmail", kind="lose_answer", method="drafts.create")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await world.draft(mail())

    listed = await world.done(world.drafts.list(userId="me"))
    assert len(listed["drafts"]) == 1
    assert len(world.ledger("effect", "draft_created")) == 1
    request = world.ledger("request", "drafts.create")
    assert [(each["fault"], each["status"]) for each in request] == [("lose_answer", None)]


async def test_a_lost_request_leaves_none(world):
    await world.do("fault", service="gmail", kind="lose_request")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await world.draft(mail())
    assert await world.done(world.drafts.list(userId="me")) == {"resultSizeEstimate": 0}
    assert [each["fault"] for each in world.ledger("request")] == ["lose_request"]


async def test_a_late_send_lands_after_it_looked_absent(world):
    draft = await world.draft(mail())
    await world.do("fault", service="gmail", kind="late", method="drafts.send", seconds=0.2)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await world.done(world.drafts.send(userId="me", body={"id": draft["id"]}))
    assert (await world.call(world.drafts.get(userId="me", id=draft["id"]))).status == 200
    await asyncio.sleep(0.4)
    assert (await world.call(world.drafts.get(userId="me", id=draft["id"]))).status == 404
    assert len(world.ledger("effect", "mail_sent")) == 1
    assert [each["fault"] for each in world.ledger("request", "drafts.send")] == ["late"]


async def test_faults_answer_in_googles_words(world):
    found = {}
    for kind in ("rate_limit", "unavailable", "error", "refuse"):
        await world.do("fault", service="gmail", kind=kind, method="drafts.create", seconds=7)
        found[kind] = await world.call(world.drafts.create(userId="me", body={"message": as_body(mail())}))
    assert [each.status for each in found.values()] == [429, 503, 500, 400]
    assert found["rate_limit"].headers["Retry-After"] == "7"
    assert found["rate_limit"].body["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    assert [each["status"] for each in world.ledger("request", "drafts.create")] == [429, 503, 500, 400]
    assert len(world.ledger("effect", "draft_created")) == 1


async def test_an_update_gives_the_message_another_id(world):
    draft = await world.draft(mail(text="one\n"))
    thread = draft["message"]["threadId"]
    body = {"message": as_body(mail(text="two\n"), thread)}
    updated = await world.done(world.drafts.update(userId="me", id=draft["id"], body=body))
    assert updated["id"] == draft["id"]
    assert updated["message"]["id"] != draft["message"]["id"]
    assert updated["message"]["threadId"] == thread
    assert (await world.call(world.messages.get(userId="me", id=draft["message"]["id"]))).status == 404

    assert await world.done(world.drafts.delete(userId="me", id=draft["id"])) is None
    assert (await world.call(world.drafts.delete(userId="me", id=draft["id"]))).status == 404
    assert len(world.ledger("effect", "draft_deleted")) == 1


async def test_a_draft_reads_back_byte_for_byte(world):
    made = mail(text="Grüße, 36 m²\n.\nFrom here\n", Date="Mon, 23 Nov 2026 09:38:00 +0000", Message_ID="<a@b.example>")
    draft = await world.draft(made)
    read = await world.done(world.drafts.get(userId="me", id=draft["id"], format="raw"))
    assert read["message"]["raw"] == as_body(made)["raw"]


async def test_a_person_edits_and_deletes_drafts(world):
    draft = await world.draft(mail(X_CaseyOS_Effect="e7"))
    await world.do("draft", id=draft["id"], text="Changed by hand.\n")
    read = (await world.done(world.drafts.get(userId="me", id=draft["id"])))["message"]
    assert base64.urlsafe_b64decode(read["payload"]["body"]["data"]) == b"Changed by hand.\r\n"
    assert read["threadId"] == draft["message"]["threadId"]
    assert read["id"] != draft["message"]["id"]
    assert header(read, "X-CaseyOS-Effect") == "e7"

    await world.do("draft", id=draft["id"], delete=True)
    assert (await world.call(world.drafts.send(userId="me", body={"id": draft["id"]}))).status == 404
    await world.do("draft", 404, id=draft["id"], delete=True)
    assert [each["method"] for each in world.world.store.entries() if each["kind"] == "act"] == ["draft", "draft"]


async def test_the_mailbox_is_the_sender(world):
    made = mail()
    del made["From"]
    made["From"] = "Somebody Else <else@elsewhere.example>"
    sent = await world.sent(made)
    read = await world.done(world.messages.get(userId="me", id=sent["id"], format="metadata"))
    assert header(read, "From") == "Casey Morgan <casey@pier7.example>"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"raw": "not base64!"}, "Base64 decoding failed"),
        ({"raw": "abcde"}, "Base64 decoding failed"),
        ({}, "'raw' RFC822 payload"),
        (as_body(mail(to=None)), "Recipient address required"),
        (raw_body(b"To: nobody\r\nSubject: x\r\n\r\nhi"), "Invalid To header"),
        (raw_body(b"To: a@b.example\r\nSubject: x\nBcc: c@d.example\r\n\r\nhi"), "bare CR or LF"),
        (raw_body(b"To: a@b.example\r\nSubject: x\rBcc: c@d.example\r\n\r\nhi"), "bare CR or LF"),
        (
            raw_body(b"To: a@b.example\r\nSubject: =?utf-8?q?a=0D=0ABcc=3A_c=40d=2Eexample?=\r\n\r\nhi"),
            "Invalid Subject",
        ),
        (raw_body(b"To: a@b.example\r\nTo: c@d.example\r\n\r\nhi"), "multiple To headers"),
        (as_body(mail(), "1900000000000001"), "not found"),
        (as_body(mail(), "no such"), "Invalid thread_id value"),
        ({**as_body(mail()), "thread": "x"}, "Unknown name \"thread\" at 'message'"),
        ({**as_body(mail()), "threadId": 7}, "Invalid value at 'message.threadId'"),
    ],
)
async def test_what_gmail_refuses_is_refused_and_not_sent(world, body, says):
    said = await world.call(world.messages.send(userId="me", body=body))
    assert said.status == (404 if "not found" in says else 400)
    assert says in said.message
    assert world.ledger("effect") == []
    assert len(world.ledger("refused", "messages.send")) == 1


async def test_a_mail_of_more_than_25_mb_is_refused(world):
    body = raw_body(b"To: a@b.example\r\nSubject: x\r\n\r\n" + b"x" * (25 * 1024 * 1024))
    said = await world.call(world.messages.send(userId="me", body=body))
    assert (said.status, "25 MB" in said.message) == (400, True)


async def test_tokens_mailboxes_and_parameters_are_checked(world):
    request = world.drafts.create(userId="me", body={"message": as_body(mail())})
    refused = await world.call(request, {"Authorization": "Bearer ya29.other"})
    assert (refused.status, refused.body["error"]["status"]) == (401, "UNAUTHENTICATED")
    other = await world.call(world.drafts.list(userId="orla@pier7.example"))
    assert (other.status, other.body["error"]["errors"][0]["reason"]) == (403, "forbidden")
    assert (await world.call(world.drafts.list(userId="casey@pier7.example"))).status == 200
    unknown = await world.send("GET", f"{world.url}/google/gmail/v1/users/me/drafts?limit=3", None, GOOGLE)
    assert (unknown.status, 'Unknown name "limit"' in unknown.message) == (400, True)
    assert world.ledger("effect") == []


async def test_what_is_not_served_is_told_apart(world):
    said = await world.call(world.messages.trash(userId="me", id="19"))
    calendar = await world.send("GET", f"{world.url}/google/calendar/v3/colors", None, GOOGLE)
    assert (said.status, calendar.status) == (404, 404)
    unknown = [(each["service"], each["kind"]) for each in world.world.store.entries()]
    assert unknown == [("gmail", "unknown_method"), ("calendar", "unknown_method")]


async def test_a_refresh_token_buys_an_access_token(world):
    form = {"grant_type": "refresh_token", "refresh_token": "1//sandbox", "client_id": "c", "client_secret": "s"}
    for given in ({"data": form}, {"json": form}):
        async with world.http.post(f"{world.url}/google/token", **given) as answer:
            said = await answer.json()
        assert (answer.status, said["access_token"], said["token_type"]) == (200, "ya29.sandbox", "Bearer")
    async with world.http.post(f"{world.url}/google/token", data={"grant_type": "refresh_token"}) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, "invalid_request")
