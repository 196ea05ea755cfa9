"""Replies arrive in the thread of the mail they answer, and history tells what is new."""

import pytest

from tests.sandbox.world_support import DANA, header, mail, outside

QUESTION = "What is the price?"


@pytest.fixture
async def world(tmp_path):
    async with outside(tmp_path) as made:
        yield made


async def read(world, id):
    return await world.done(world.messages.get(userId="me", id=id))


async def test_a_reply_looks_like_one(world):
    sent = await world.sent(mail(text="Hello Dana,\n\nhere are the prices.\n"))
    ours = await read(world, sent["id"])
    got = await world.do("reply", to=DANA, text="Thank you, that works.")

    reply = await read(world, got["id"])
    assert reply["threadId"] == sent["threadId"]
    assert set(reply["labelIds"]) == {"INBOX", "UNREAD"}
    assert header(reply, "In-Reply-To") == header(ours, "Message-ID")
    assert header(reply, "References") == header(ours, "Message-ID")
    assert header(reply, "Subject") == "Re: Exhibit prices"
    assert header(reply, "From") == f"Dana Whitfield <{DANA}>"
    effect = world.ledger("effect", "mail_received")[0]
    assert effect["text"].startswith("Thank you, that works.\n\nOn ")
    assert "wrote:\n\n> Hello Dana,\n>\n> here are the prices." in effect["text"]
    assert [part["mimeType"] for part in reply["payload"]["parts"]] == ["text/plain", "text/html"]
    thread = await world.done(world.api.users().threads().get(userId="me", id=sent["threadId"], format="metadata"))
    assert [each["id"] for each in thread["messages"]] == [sent["id"], reply["id"]]


async def test_an_out_of_office_carries_its_header(world):
    await world.sent(mail())
    headers = {"Auto-Submitted": "auto-replied", "Subject": "Out of office: Exhibit prices"}
    got = await world.do("reply", to=DANA, text="Back on 2 December.", headers=headers)
    reply = await read(world, got["id"])
    assert header(reply, "Auto-Submitted") == "auto-replied"
    assert header(reply, "Subject") == "Out of office: Exhibit prices"
    await world.do("reply", 400, to=DANA, text="x", headers={"X-Bad": "a\r\nBcc: b@c.example"})


async def test_only_mail_that_was_sent_can_be_answered(world):
    await world.draft(mail())
    await world.do("reply", 404, to=DANA, text="Hello?")
    first = await world.sent(mail(subject="First"))
    await world.sent(mail(subject="Second"))
    assert (await world.do("reply", to=DANA, text="newest"))["thread_id"] != first["threadId"]
    assert (await world.do("reply", to=DANA, text="old", message_id=first["id"]))["thread_id"] == first["threadId"]


@pytest.mark.parametrize(
    ("subject", "refer", "joins"),
    [("Re: Exhibit prices", True, True), ("Something else", True, False), ("Re: Exhibit prices", False, False)],
)
async def test_joining_a_thread_takes_its_id_references_and_subject(world, subject, refer, joins):
    sent = await world.sent(mail())
    got = await world.do("reply", to=DANA, text=QUESTION)
    more = {"In_Reply_To": got["message_id"], "References": got["message_id"]} if refer else {}
    draft = await world.draft(mail(subject=subject, **more), sent["threadId"])
    assert (draft["message"]["threadId"] == sent["threadId"]) is joins
    outside_it = await world.draft(mail(subject=subject, **more))
    assert outside_it["message"]["threadId"] != sent["threadId"]


async def test_history_pages_and_filters(world):
    history = world.api.users().history()
    start = (await world.done(world.api.users().getProfile(userId="me")))["historyId"]
    nothing = await world.done(history.list(userId="me", startHistoryId=start))
    assert nothing == {"historyId": start}
    await world.sent(mail())
    got = [(await world.do("reply", to=DANA, text=f"answer {n}"))["id"] for n in range(5)]

    pages, token = [], None
    while True:
        page = await world.done(
            history.list(
                userId="me",
                startHistoryId=start,
                historyTypes=["messageAdded"],
                labelId="INBOX",
                maxResults=2,
                pageToken=token,
            )
        )
        pages.append([each["message"]["id"] for record in page["history"] for each in record["messagesAdded"]])
        token = page.get("nextPageToken")
        if token is None:
            break
    assert [len(each) for each in pages] == [2, 2, 1]
    assert [id for page in pages for id in page] == got
    middle = (await read(world, got[2]))["historyId"]
    rest = await world.done(history.list(userId="me", startHistoryId=middle))
    assert [each["messagesAdded"][0]["message"]["id"] for each in rest["history"]] == got[3:]
    none = await world.done(history.list(userId="me", startHistoryId=start, historyTypes=["messageDeleted"]))
    assert "history" not in none


async def test_a_sent_draft_is_a_message_gone_and_a_message_come(world):
    draft = await world.draft(mail())
    start = (await world.done(world.api.users().getProfile(userId="me")))["historyId"]
    sent = await world.done(world.drafts.send(userId="me", body={"id": draft["id"]}))
    listed = await world.done(world.api.users().history().list(userId="me", startHistoryId=start))
    record = listed["history"][0]
    assert record["messagesAdded"][0]["message"] == sent
    assert record["messagesDeleted"][0]["message"]["id"] == draft["message"]["id"]


async def test_history_that_is_too_old_is_gone(world):
    history = world.api.users().history()
    start = (await world.done(world.api.users().getProfile(userId="me")))["historyId"]
    await world.sent(mail())
    oldest = (await world.do("gmail", expire_history=True))["oldest_history_id"]
    assert (await world.call(history.list(userId="me", startHistoryId=start))).status == 404
    assert (await world.call(history.list(userId="me", startHistoryId=oldest))).status == 200
    assert (await world.call(history.list(userId="me", startHistoryId=str(int(oldest) + 1000)))).status == 404
    assert (await world.call(history.list(userId="me", startHistoryId="soon"))).status == 400


async def test_lists_page_and_search(world):
    ids = [(await world.sent(mail(subject=f"Offer {n}")))["id"] for n in range(5)]
    got = await world.do("reply", to=DANA, text="Lovely corner stand")
    first = await world.done(world.messages.list(userId="me", q="in:sent", maxResults=3))
    second = await world.done(world.messages.list(userId="me", q="in:sent", pageToken=first["nextPageToken"]))
    assert [each["id"] for each in first["messages"] + second["messages"]] == ids[::-1]
    assert "nextPageToken" not in second

    async def found(q, **more):
        listed = await world.done(world.messages.list(userId="me", q=q, **more))
        return [each["id"] for each in listed.get("messages", [])]

    rfc = header(await read(world, ids[1]), "Message-ID")
    assert await found(f"rfc822msgid:{rfc}") == [ids[1]]
    assert await found("rfc822msgid:<ours@pier7.example>") == []
    assert await found(f"from:{DANA} newer_than:1d") == [got["id"]]
    assert await found(f'to:{DANA} subject:"Offer 2"') == [ids[2]]
    assert await found("corner -in:sent") == [got["id"]]
    assert await found("", labelIds=["UNREAD"]) == [got["id"]]
    threads = await world.done(world.api.users().threads().list(userId="me", q="subject:offer"))
    assert len(threads["threads"]) == 5
    unserved = await world.call(world.messages.list(userId="me", q="filename:pdf"))
    assert (unserved.status, len(world.ledger("unknown_method"))) == (400, 1)


async def test_formats_show_what_their_names_say(world):
    sent = await world.sent(mail(X_CaseyOS_Effect="e1"))
    get = world.messages.get
    minimal = await world.done(get(userId="me", id=sent["id"], format="minimal"))
    assert "payload" not in minimal
    raw = await world.done(get(userId="me", id=sent["id"], format="raw"))
    assert "raw" in raw
    some = await world.done(
        get(userId="me", id=sent["id"], format="metadata", metadataHeaders=["x-caseyos-effect", "Subject"])
    )
    assert {each["name"] for each in some["payload"]["headers"]} == {"X-CaseyOS-Effect", "Subject"}
    assert (await world.call(get(userId="me", id="not an id"))).status == 400
    labels = await world.done(world.api.users().labels().list(userId="me"))
    assert {"INBOX", "SENT", "DRAFT", "UNREAD"} <= {each["id"] for each in labels["labels"]}


async def test_a_mask_leaves_only_what_it_selects(world):
    sent = await world.sent(mail())
    fields = "id,payload(mimeType,headers/name)"
    some = await world.done(world.messages.get(userId="me", id=sent["id"], fields=fields))
    assert some["id"] == sent["id"]
    assert some.keys() == {"id", "payload"}
    assert some["payload"].keys() == {"mimeType", "headers"}
    assert {"name": "To"} in some["payload"]["headers"]
    assert (await world.call(world.messages.get(userId="me", id=sent["id"], fields="payload(headers"))).status == 400


async def test_the_mailbox_outlives_the_process(tmp_path):
    async with outside(tmp_path) as world:
        draft = await world.draft(mail())
        await world.sent(mail())
    async with outside(tmp_path) as world:
        assert (await world.done(world.drafts.get(userId="me", id=draft["id"])))["id"] == draft["id"]
        other = await world.draft(mail())
        assert other["id"] != draft["id"]
        seen = await world.seen("gmail")
        assert (len(seen["drafts"]), len(seen["messages"])) == (2, 1)
        assert set(seen["messages"][0]) >= {
            "id",
            "thread_id",
            "labels",
            "from",
            "to",
            "subject",
            "text",
            "headers",
            "at",
        }
