"""One contract for mailboxes: the one in memory that the domain's tests use behaves as Gmail's client does."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from core.ports import LikeDraft, Mail, Unclear
from integrations.gmail.client import GmailMailbox
from integrations.google.token import token_source
from tests.support.fake_mailbox import FakeMailbox
from tests.support.sandbox import GMAIL_TOKEN

MAIL = Mail(("dana.whitfield@northpier.example",), "Your stand in spring", "Hello Dana,\n\nshall we talk?\n")


@pytest.fixture(params=["memory", "gmail"])
async def mailbox(request):
    if request.param == "memory":
        yield FakeMailbox(lambda: datetime.now(UTC))
        return
    sandbox = request.getfixturevalue("sandbox")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        token = token_source(access_token=GMAIL_TOKEN, credentials=None)
        yield GmailMailbox(http, api_url=sandbox.gmail_url, token=token)


@pytest.fixture
def key() -> str:
    return secrets.token_hex(16) + "0"


async def test_a_draft_is_found_by_its_key_and_read_as_it_was_made(mailbox, key):
    made = await mailbox.create_draft(MAIL, key=key)
    read = await mailbox.read_draft(made.draft_id)
    assert (read.to, read.subject, read.body.split()) == (MAIL.to, MAIL.subject, MAIL.body.split())
    assert await mailbox.find_draft(key=key) == made
    assert await mailbox.find_draft(key=secrets.token_hex(16)) is None


@pytest.mark.parametrize("url", [None, f"https://casey.pier7.example/unsubscribe/{'Ab-_' * 16}"])
async def test_the_way_out_of_a_draft_is_read_as_it_was_made(mailbox, key, url):
    made = await mailbox.create_draft(replace(MAIL, unsubscribe_url=url), key=key)
    assert (await mailbox.read_draft(made.draft_id)).unsubscribe_url == url


async def test_a_sent_draft_is_no_draft_any_more_and_is_found_among_what_was_sent(mailbox, key):
    made = await mailbox.create_draft(MAIL, key=key)
    assert await mailbox.find_sent(key=key, thread_id=made.thread_id) is None
    sent = await mailbox.send_draft(made.draft_id)
    assert sent.thread_id == made.thread_id
    assert await mailbox.read_draft(made.draft_id) is None
    assert await mailbox.find_sent(key=key, thread_id=made.thread_id) == sent
    gone = await mailbox.find_draft(key=key)
    assert gone.thread_id == made.thread_id
    assert await mailbox.read_draft(gone.draft_id) is None


async def test_sending_a_draft_twice_is_unclear_and_sends_once(mailbox, key):
    made = await mailbox.create_draft(MAIL, key=key)
    sent = await mailbox.send_draft(made.draft_id)
    with pytest.raises(Unclear):
        await mailbox.send_draft(made.draft_id)
    assert await mailbox.find_sent(key=key, thread_id=made.thread_id) == sent


async def test_a_deleted_draft_is_gone_and_may_be_deleted_again(mailbox, key):
    made = await mailbox.create_draft(MAIL, key=key)
    await mailbox.delete_draft(made.draft_id)
    await mailbox.delete_draft(made.draft_id)
    assert await mailbox.read_draft(made.draft_id) is None
    assert await mailbox.find_draft(key=key) is None
    assert await mailbox.find_sent(key=key, thread_id=made.thread_id) is None


async def test_two_drafts_under_one_key_are_two(mailbox, key):
    first, second = await mailbox.create_draft(MAIL, key=key), await mailbox.create_draft(MAIL, key=key)
    assert first.draft_id != second.draft_id


async def test_drafts_to_the_same_people_under_the_same_subject_are_alike(mailbox, key):
    mail = Mail((f"dana.{key[:8]}@northpier.example", "tomas.reyes@harlowlane.example"), "Your stand", "Shall we?")
    ours = await mailbox.create_draft(mail, key=key)
    other = await mailbox.create_draft(replace(mail, to=mail.to[::-1], body="Another text"), key=f"{key[:-1]}9")
    await mailbox.create_draft(replace(mail, subject="Your standing"), key=key)
    await mailbox.create_draft(replace(mail, to=mail.to[:1]), key=key)
    alike = {LikeDraft(ours.draft_id, key), LikeDraft(other.draft_id, f"{key[:-1]}9")}
    assert set(await mailbox.drafts_like(mail)) == alike
    assert [one.draft_id for one in await mailbox.drafts_like(mail, besides=other.draft_id)] == [ours.draft_id]
    await mailbox.send_draft(ours.draft_id)
    assert [one.draft_id for one in await mailbox.drafts_like(mail)] == [other.draft_id]
