"""The mailbox against the sandbox's Gmail: drafts that are sent once, and what came in."""

import json

import httpx
import pytest

from core.ports import Mail, Rejected, Unavailable, Unclear
from integrations.gmail.client import GmailMailbox
from integrations.google.token import token_source
from tests.support.sandbox import GMAIL_TOKEN, MAILBOX, running_sandbox

DANA = "dana.whitfield@northpier.example"
MAIL = Mail((DANA,), "Your stand in spring", "Hello Dana,\n\nshall we talk?\n\nCasey", from_name="Casey M")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
async def sandbox(shared):
    await shared.control("DELETE", "/control/fault")
    shared.seen = (await shared.control("GET", "/control/ledger"))["last"]
    return shared


@pytest.fixture
async def mailbox(sandbox):
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        yield mailbox_of(http, sandbox)


def mailbox_of(http, sandbox, token=GMAIL_TOKEN, mailbox="me"):
    source = token_source(access_token=token, credentials=None)
    return GmailMailbox(http, api_url=sandbox.gmail_url, token=source, mailbox=mailbox)


async def effects(sandbox):
    return [one["method"] for one in await sandbox.ledger(sandbox.seen, service="gmail", kind="effect")]


async def test_a_draft_is_made_read_and_sent_once(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="one-0")

    read = await mailbox.read_draft(made.draft_id)
    assert read is not None
    assert (read.to, read.subject, read.body, read.from_name) == (MAIL.to, MAIL.subject, MAIL.body, "")
    assert await mailbox.find_sent(key="one-0", thread_id=made.thread_id) is None
    assert await mailbox.find_draft(key="one-0") == made

    sent = await mailbox.send_draft(made.draft_id)
    assert sent.thread_id == made.thread_id
    assert await mailbox.read_draft(made.draft_id) is None
    assert await mailbox.find_sent(key="one-0", thread_id=made.thread_id) == sent
    assert await effects(sandbox) == ["draft_created", "mail_sent"]
    mail = (await sandbox.ledger(sandbox.seen, kind="effect"))[-1]["data"]
    assert mail["to"] == [DANA]
    assert mail["from"] == f"Casey M <{MAILBOX}>"


async def test_the_draft_of_another_key_is_not_found(mailbox):
    await mailbox.create_draft(MAIL, key="two-0")

    assert await mailbox.find_draft(key="two-00") is None


async def test_a_draft_sent_by_a_person_leads_to_the_mail_that_it_became(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="three-0")
    sent = await mailbox.send_draft(made.draft_id)

    found = await mailbox.find_draft(key="three-0")

    assert await mailbox.read_draft(found.draft_id) is None
    assert await mailbox.find_sent(key="three-0", thread_id=found.thread_id) == sent


async def test_a_draft_sent_again_is_unclear_and_sends_nothing(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="four-0")
    await mailbox.send_draft(made.draft_id)

    with pytest.raises(Unclear, match="gone from Gmail"):
        await mailbox.send_draft(made.draft_id)
    assert (await effects(sandbox)).count("mail_sent") == 1


async def test_deleting_twice_is_deleted(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="five-0")

    await mailbox.delete_draft(made.draft_id)
    await mailbox.delete_draft(made.draft_id)

    assert await mailbox.read_draft(made.draft_id) is None
    assert await effects(sandbox) == ["draft_created", "draft_deleted"]


async def test_a_draft_edited_in_gmail_reads_differently(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="six-0")
    await sandbox.control("POST", "/control/draft", {"id": made.draft_id, "text": "Quite another text"})

    read = await mailbox.read_draft(made.draft_id)

    assert read is not None
    assert read.body == "Quite another text"
    assert read.subject == MAIL.subject


async def test_an_answer_goes_into_its_thread(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="seven-0")
    sent = await mailbox.send_draft(made.draft_id)
    message_id = (await sandbox.ledger(sandbox.seen, kind="effect"))[-1]["data"]["message_id"]
    answer = Mail((DANA,), f"Re: {MAIL.subject}", "Once more", thread_id=sent.thread_id, in_reply_to=message_id)

    again = await mailbox.send_draft((await mailbox.create_draft(answer, key="seven-1")).draft_id)

    assert again.thread_id == sent.thread_id
    headers = (await sandbox.ledger(sandbox.seen, kind="effect"))[-1]["data"]["headers"]
    assert headers["In-Reply-To"] == headers["References"] == message_id


async def test_a_thread_that_is_not_there_is_rejected(mailbox):
    with pytest.raises(Rejected, match="not found"):
        await mailbox.create_draft(Mail((DANA,), "Hi", "Hi", thread_id="19ffffffffffffff"), key="eight-0")
    with pytest.raises(Rejected):
        await mailbox.create_draft(Mail((DANA,), "Hi", "Hi", thread_id="../messages"), key="eight-0")


async def test_replies_come_in_after_the_cursor_and_our_own_mail_does_not(sandbox, mailbox):
    start = await mailbox.changes(None)
    assert start.mails == ()
    made = await mailbox.create_draft(MAIL, key="nine-0")
    sent = await mailbox.send_draft(made.draft_id)
    await sandbox.control("POST", "/control/reply", {"to": DANA, "text": "Yes, let us talk.\nDana"})
    auto = {"to": DANA, "text": "I am away", "headers": {"Auto-Submitted": "auto-replied"}}
    await sandbox.control("POST", "/control/reply", auto)

    found = await mailbox.changes(start.cursor)

    assert [mail.automatic for mail in found.mails] == [False, True]
    reply = found.mails[0]
    assert (reply.sender, reply.thread_id) == (DANA, sent.thread_id)
    assert reply.text.startswith("Yes, let us talk.\nDana")
    assert reply.subject == f"Re: {MAIL.subject}"
    assert (await mailbox.changes(found.cursor)).mails == ()


async def test_an_outdated_cursor_is_resynced(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="ten-0")
    await mailbox.send_draft(made.draft_id)
    await sandbox.control("POST", "/control/reply", {"to": DANA, "text": "Found by the resync"})

    for outdated in ("1", "nonsense"):
        found = await mailbox.changes(outdated)
        assert found.mails[-1].text.startswith("Found by the resync")
        assert found.cursor == (await mailbox.changes(None)).cursor


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("lose_answer", Unclear),
        ("lose_request", Unclear),
        ("late", Unclear),
        ("error", Unclear),
        ("rate_limit", Unavailable),
        ("unavailable", Unavailable),
        ("refuse", Rejected),
    ],
)
@pytest.mark.parametrize("method", ["drafts.create", "drafts.send", "drafts.delete"])
async def test_a_fault_is_named_for_what_it_leaves_open(sandbox, mailbox, method, kind, error):
    draft = (await mailbox.create_draft(MAIL, key="fault-0")).draft_id
    before = (await sandbox.control("GET", "/control/ledger"))["last"]
    await sandbox.fault("gmail", kind, method=method, seconds=0)

    with pytest.raises(error):
        await {
            "drafts.create": lambda: mailbox.create_draft(MAIL, key="fault-1"),
            "drafts.send": lambda: mailbox.send_draft(draft),
            "drafts.delete": lambda: mailbox.delete_draft(draft),
        }[method]()

    asked = await sandbox.ledger(before, service="gmail", kind="request")
    assert [one["method"] for one in asked] == [method]


async def test_a_read_that_fails_changed_nothing(sandbox, mailbox):
    made = await mailbox.create_draft(MAIL, key="read-0")
    for kind in ("lose_answer", "error", "rate_limit", "unavailable"):
        await sandbox.fault("gmail", kind, method="drafts.get", seconds=7)
        with pytest.raises(Unavailable) as raised:
            await mailbox.read_draft(made.draft_id)
        wait = raised.value.retry_after
        assert (wait.total_seconds() if wait else None) == (7 if kind == "rate_limit" else None)


async def test_a_refused_token_says_what_to_mend(sandbox):
    async with httpx.AsyncClient(trust_env=False) as http:
        for token in ("ya29.wrong", "two words", "", None):
            mailbox = mailbox_of(http, sandbox, token=token)
            with pytest.raises(Unavailable, match=r"token|access"):
                await mailbox.create_draft(MAIL, key="k-0")
    assert await effects(sandbox) == []


async def test_a_credentials_file_is_enough(sandbox, tmp_path):
    kept = {"client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": f"{sandbox.url}/google/token"}
    path = tmp_path / "google.json"
    path.write_text(json.dumps({"type": "authorized_user", **kept}))
    async with httpx.AsyncClient(trust_env=False) as http:
        source = token_source(access_token=None, credentials=path)
        mailbox = GmailMailbox(http, api_url=sandbox.gmail_url, token=source)
        assert (await mailbox.changes(None)).mails == ()


async def test_a_mailbox_of_somebody_else_is_rejected(sandbox):
    async with httpx.AsyncClient(trust_env=False) as http:
        mailbox = mailbox_of(http, sandbox, mailbox="orla@pier7.example")
        with pytest.raises(Rejected, match="Delegation denied"):
            await mailbox.changes(None)


async def test_a_slow_answer_is_unclear_after_the_clients_own_patience(sandbox):
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        mailbox = mailbox_of(http, sandbox, mailbox=MAILBOX)
        await mailbox.changes(None)  # the builder of requests is made
        http.timeout = httpx.Timeout(30, read=0.5)
        await sandbox.fault("gmail", "slow", method="drafts.create", seconds=2)
        with pytest.raises(Unclear, match="broke before its answer"):
            await mailbox.create_draft(MAIL, key="slow-0")


async def test_a_client_that_is_closed_asks_nothing(sandbox):
    async with httpx.AsyncClient(trust_env=False) as http:
        mailbox = mailbox_of(http, sandbox, mailbox=MAILBOX)
    with pytest.raises(Unavailable, match="stopping"):
        await mailbox.create_draft(MAIL, key="k-0")


async def test_looking_through_the_drafts_reads_each_of_them_once_until_it_is_changed(sandbox):
    asked = []

    async def note(request):
        asked.append(request.url.path)

    async with httpx.AsyncClient(trust_env=False, timeout=10, event_hooks={"request": [note]}) as http:
        mailbox = mailbox_of(http, sandbox)
        made = [await mailbox.create_draft(MAIL, key=f"each-{n}") for n in range(5)]
        await mailbox.find_draft(key="nobody's")
        asked.clear()
        await mailbox.find_draft(key="nobody's either")
        assert [path for path in asked if "/drafts/" in path] == []

        await sandbox.control("POST", "/control/draft", {"id": made[0].draft_id, "subject": "Another"})
        await mailbox.find_draft(key="nobody's at all")
        assert [path.rsplit("/", 1)[1] for path in asked if "/drafts/" in path] == [made[0].draft_id]
        assert await mailbox.find_draft(key="each-4") == made[4]
