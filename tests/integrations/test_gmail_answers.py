"""Odd answers of Gmail, given at the wire: what each means for a change and for a read."""

import json
from datetime import timedelta

import httpx
import pytest
import respx

from core.ports import Mail, Rejected, Unavailable, Unclear
from integrations.gmail.client import GmailMailbox
from integrations.google.token import token_source

API = "http://gmail.example/google"
USER = f"{API}/gmail/v1/users/casey%40pier7.example"
MAIL = Mail(("dana@northpier.example",), "Your stand", "Shall we talk?")
KEY_HEADER = "X-CaseyOS-Key"


@pytest.fixture
async def mailbox():
    async with httpx.AsyncClient() as http:
        token = token_source(access_token="t", credentials=None)
        yield GmailMailbox(http, api_url=API, token=token, mailbox="casey@pier7.example")


@pytest.fixture
def gmail():
    with respx.mock(assert_all_called=False) as routes:
        yield routes


def google(code, message, reason="x", headers=None):
    body = {"error": {"code": code, "message": message, "errors": [{"message": message, "reason": reason}]}}
    return httpx.Response(code, json=body, headers=headers)


REFUSALS = [
    (google(400, "Recipient address required"), Rejected, Rejected),
    (google(401, "Invalid Credentials", "authError"), Unavailable, Unavailable),
    (google(403, "Insufficient Permission", "insufficientPermissions"), Rejected, Rejected),
    (google(403, "Quota exceeded", "rateLimitExceeded"), Unavailable, Unavailable),
    (google(403, "Quota exceeded", "userRateLimitExceeded"), Unavailable, Unavailable),
    (google(408, "Timed out"), Unavailable, Unavailable),
    (google(409, "Aborted", "aborted"), Unavailable, Unavailable),
    (google(413, "Too large"), Rejected, Rejected),
    (google(429, "Slow down", "rateLimitExceeded"), Unavailable, Unavailable),
    (google(500, "Internal", "backendError"), Unclear, Unavailable),
    (google(502, "Bad gateway"), Unclear, Unavailable),
    (google(503, "Unavailable", "backendError"), Unavailable, Unavailable),
    (google(504, "Deadline"), Unclear, Unavailable),
    (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), Unclear, Unavailable),
    (httpx.Response(400, text="<html>"), Rejected, Rejected),
    (httpx.Response(500, text="["), Unclear, Unavailable),
    (httpx.Response(200, text="<html>"), Unclear, Unavailable),
    (httpx.Response(200, text="[]"), Unclear, Unavailable),
    (httpx.Response(200, text="[" * 100_000), Unclear, Unavailable),
    (httpx.Response(200, json={}), Unclear, Unavailable),
    (httpx.Response(200, json={"id": 7}), Unclear, Unavailable),
    (httpx.ConnectError("refused"), Unavailable, Unavailable),
    (httpx.ConnectTimeout("slow"), Unavailable, Unavailable),
    (httpx.PoolTimeout("busy"), Unavailable, Unavailable),
    (httpx.ReadTimeout("slow"), Unclear, Unavailable),
    (httpx.WriteTimeout("slow"), Unclear, Unavailable),
    (httpx.ReadError("cut"), Unclear, Unavailable),
    (httpx.WriteError("cut"), Unclear, Unavailable),
    (httpx.CloseError("cut"), Unclear, Unavailable),
    (httpx.RemoteProtocolError("cut"), Unclear, Unavailable),
    (httpx.LocalProtocolError("odd"), Unclear, Unavailable),
    (httpx.DecodingError("bad gzip"), Unclear, Unavailable),
]


@pytest.mark.parametrize(("answer", "change", "read"), REFUSALS)
async def test_what_an_answer_means(gmail, mailbox, answer, change, read):
    gives = {"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer}
    routes = [gmail.post(f"{USER}/drafts"), gmail.post(f"{USER}/drafts/send"), gmail.get(f"{USER}/drafts/r1")]
    for route in routes:
        route.mock(**gives)

    for call in (lambda: mailbox.create_draft(MAIL, key="k-0"), lambda: mailbox.send_draft("r1")):
        with pytest.raises(change) as raised:
            await call()
        assert raised.type is change
    with pytest.raises(read):
        await mailbox.read_draft("r1")
    assert [route.call_count for route in routes] == [1, 1, 1]


async def test_a_deletion_needs_no_body_to_be_believed(gmail, mailbox):
    route = gmail.delete(f"{USER}/drafts/r1").mock(return_value=httpx.Response(204))
    await mailbox.delete_draft("r1")
    route.mock(return_value=google(500, "Internal"))
    with pytest.raises(Unclear):
        await mailbox.delete_draft("r1")


async def test_a_draft_that_is_said_to_be_gone_and_still_shows_is_unclear(gmail, mailbox):
    gmail.delete(f"{USER}/drafts/r1").mock(return_value=google(404, "Not found"))
    shown = gmail.get(f"{USER}/drafts/r1").respond(json={"id": "r1", "message": {"id": "m1", "threadId": "t1"}})
    with pytest.raises(Unclear):
        await mailbox.delete_draft("r1")
    shown.mock(return_value=google(503, "Unavailable"))
    with pytest.raises(Unclear):
        await mailbox.delete_draft("r1")
    shown.mock(return_value=google(404, "Not found"))
    await mailbox.delete_draft("r1")


@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        ({"retry-after": "7"}, "Slow down", timedelta(seconds=7)),
        ({"retry-after": "99999999999999999999"}, "Slow down", timedelta(days=1)),
        (
            {"retry-after": "Mon, 23 Nov 2026 10:00:30 GMT", "date": "Mon, 23 Nov 2026 10:00:00 GMT"},
            "Slow down",
            timedelta(seconds=30),
        ),
        (
            {"date": "Mon, 23 Nov 2026 10:00:00 GMT"},
            "User-rate limit exceeded.  Retry after 2026-11-23T10:01:00.000Z",
            timedelta(minutes=1),
        ),
        (
            {"date": "Mon, 23 Nov 2026 10:00:00 GMT"},
            "User-rate limit exceeded.  Retry after 2026-11-23T09:00:00.000Z",
            timedelta(),
        ),
        ({}, "User-rate limit exceeded.  Retry after 2026-11-23T10:01:00.000Z", None),
        ({"retry-after": "soon"}, "Slow down", None),
    ],
)
async def test_how_long_to_wait(gmail, mailbox, headers, message, wait):
    gmail.post(f"{USER}/drafts/send").mock(return_value=google(429, message, headers=headers))
    with pytest.raises(Unavailable) as raised:
        await mailbox.send_draft("r1")
    assert raised.value.retry_after == wait


async def test_the_services_sentence_is_short(gmail, mailbox):
    gmail.post(f"{USER}/drafts/send").mock(return_value=google(400, "long " * 1000))
    with pytest.raises(Rejected) as raised:
        await mailbox.send_draft("r1")
    assert len(str(raised.value)) < 250


async def test_ids_stay_one_piece_of_the_path(gmail, mailbox):
    for id in ("", "..", "a/b", "a?b", "a b", "é", "x" * 300):
        for call in (mailbox.send_draft, mailbox.read_draft, mailbox.delete_draft):
            with pytest.raises(Rejected):
                await call(id)
    assert not gmail.calls


def drafts(gmail, count, *, more=False, key=None):
    listed = [{"id": f"r{n}", "message": {"id": f"m{n}", "threadId": f"t{n}"}} for n in range(count)]
    gmail.get(f"{USER}/drafts").respond(json={"drafts": listed} | ({"nextPageToken": "p"} if more else {}))
    gmail.get(f"{USER}/messages").respond(json={"resultSizeEstimate": 0})
    for each in listed:
        headers = [{"name": KEY_HEADER.lower(), "value": key}] if key and each is listed[-1] else []
        gmail.get(f"{USER}/drafts/{each['id']}").respond(
            json={**each, "message": {**each["message"], "payload": {"headers": headers}}}
        )


async def test_a_draft_among_a_hundred_is_found(gmail, mailbox):
    drafts(gmail, 100, more=True, key="k-0")
    found = await mailbox.find_draft(key="k-0")
    assert found is not None
    assert found.draft_id == "r99"


async def test_a_draft_not_among_the_newest_hundred_counts_as_absent(gmail, mailbox):
    drafts(gmail, 100, more=True)
    gmail.get(f"{USER}/messages").respond(json={})
    assert await mailbox.find_draft(key="k-0") is None


async def test_a_draft_that_vanishes_while_looking_is_passed_over(gmail, mailbox):
    drafts(gmail, 2, key="k-0")
    gmail.get(f"{USER}/drafts/r0").mock(return_value=google(404, "Requested entity was not found.", "notFound"))
    assert (await mailbox.find_draft(key="k-0")).draft_id == "r1"
    assert await mailbox.find_draft(key="k-1") is None


def listed(id, *labels):
    return {"message": {"id": id, "threadId": "t", "labelIds": list(labels)}}


def full(id, *labels, at=0):
    headers = [{"name": "From", "value": "Dana <dana@northpier.example>"}, {"name": "Subject", "value": id}]
    payload = {"mimeType": "text/plain", "headers": headers, "body": {"data": "aGk="}}
    return {"id": id, "threadId": "t", "labelIds": list(labels), "internalDate": str(at), "payload": payload}


async def test_all_pages_of_history_count_and_the_cursor_is_the_first_ones(gmail, mailbox):
    pages = {
        None: {
            "historyId": "20",
            "history": [{"id": "11", "messagesAdded": [listed("b", "INBOX")]}],
            "nextPageToken": "2",
        },
        "2": {
            "historyId": "30",
            "history": [
                {"id": "12", "messagesAdded": [listed("a", "INBOX"), listed("b", "INBOX"), listed("s", "SENT")]},
                {"id": "13", "messagesAdded": [listed("gone", "INBOX"), listed("d", "DRAFT"), listed("spam", "SPAM")]},
                {"id": "14", "messagesAdded": [listed("binned", "INBOX")]},
            ],
        },
    }
    gmail.get(f"{USER}/history").mock(
        side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("pageToken")])
    )
    gmail.get(f"{USER}/messages/a").respond(json=full("a", "INBOX", at=2000))
    gmail.get(f"{USER}/messages/b").respond(json=full("b", "INBOX", at=1000))
    gmail.get(f"{USER}/messages/binned").respond(json=full("binned", "TRASH"))
    gmail.get(f"{USER}/messages/gone").mock(return_value=google(404, "Requested entity was not found."))

    found = await mailbox.changes("10")

    assert [mail.message_id for mail in found.mails] == ["b", "a"]
    assert found.cursor == "20"
    first = gmail.calls[0].request.url.params
    assert (first["startHistoryId"], first["historyTypes"]) == ("10", "messageAdded")


async def test_a_resync_reads_its_cursor_before_it_lists_all_pages(gmail, mailbox):
    pages = {
        None: {"messages": [{"id": "a", "threadId": "t"}], "nextPageToken": "2"},
        "2": {"messages": [{"id": "b", "threadId": "t"}]},
    }
    gmail.get(f"{USER}/history").mock(return_value=google(404, "Requested entity was not found."))
    gmail.get(f"{USER}/profile").respond(json={"emailAddress": "casey@pier7.example", "historyId": "99"})
    gmail.get(f"{USER}/messages").mock(
        side_effect=lambda request: httpx.Response(200, json=pages[request.url.params.get("pageToken")])
    )
    gmail.get(f"{USER}/messages/a").respond(json=full("a", "INBOX"))
    gmail.get(f"{USER}/messages/b").respond(json=full("b", "INBOX", "SENT"))

    found = await mailbox.changes("10")

    assert (found.cursor, [mail.message_id for mail in found.mails]) == ("99", ["a"])
    asked = [call.request.url.path.rpartition("/")[2] for call in gmail.calls]
    assert asked == ["history", "profile", "messages", "messages", "a", "b"]
    assert gmail.calls[2].request.url.params["q"] == "in:inbox newer_than:7d"


async def test_the_mailboxs_own_address_is_asked_for_once(gmail):
    me = f"{API}/gmail/v1/users/me"
    profile = gmail.get(f"{me}/profile").respond(json={"emailAddress": "casey@pier7.example", "historyId": "9"})
    made = gmail.post(f"{me}/drafts").respond(json={"id": "r1", "message": {"id": "m", "threadId": "t"}})
    async with httpx.AsyncClient() as http:
        mailbox = GmailMailbox(http, api_url=API, token=token_source(access_token="t", credentials=None))
        for _ in range(2):
            await mailbox.create_draft(MAIL, key="k-0")
    assert (profile.call_count, made.call_count) == (1, 2)
    first, second = (json.loads(call.request.content) for call in made.calls)
    assert first == second
    assert set(first["message"]) == {"raw"}


async def test_an_unknown_own_address_leaves_nothing_sent(gmail):
    gmail.get(f"{API}/gmail/v1/users/me/profile").mock(side_effect=httpx.ReadTimeout("slow"))
    async with httpx.AsyncClient() as http:
        mailbox = GmailMailbox(http, api_url=API, token=token_source(access_token="t", credentials=None))
        with pytest.raises(Unavailable):
            await mailbox.create_draft(MAIL, key="k-0")
    assert [call.request.method for call in gmail.calls] == ["GET"]


def test_an_address_that_is_none_is_refused_at_once():
    with pytest.raises(ValueError, match="not the address"):
        GmailMailbox(httpx.AsyncClient(), api_url="gmail", token=token_source(access_token="t", credentials=None))
