"""Hostile texts in the other sinks: the log, drafts, and what the command and the modal answer."""

import json
import logging
import re
import time

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.logs import scrub
from core.draft import Voice, answer_inquiry, first_name, one_line
from core.inquiry import Inquiry, interests
from core.ports import Mail
from integrations.gmail.compose import compose
from tests.conftest import SIGNING_SECRET
from tests.support.log_lines import product_log
from tests.support.slack_blocks import assert_dead
from tests.support.slack_requests import FORM, encoded, signed
from tests.support.strings import hostile_strings, of_every_kind

VOICE = Voice()
ADDRESS = re.compile(r"(?<![A-Za-z0-9.+_-])[A-Za-z0-9.+_-]++@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")
TOKEN = re.compile(r"xox[a-z]-\w|xapp-\w|ya29\.\w|pat-\w")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
SECRETS = (
    "xoxb-1-2-abc xoxc-9 xapp-1-A ya29.a0-B_c pat-eu1-1234 postgres://casey:hunter2@db.example/x dana@northpier.example"
)


def assert_clean(line):
    assert not CONTROL.search(line)
    assert not ADDRESS.search(line), ADDRESS.search(line)
    assert not TOKEN.search(line)


# -- the log


def test_every_hostile_string_is_one_clean_line_of_json_in_the_log():
    texts = hostile_strings()
    log = logging.getLogger("bot.hostile")
    with product_log() as written:
        for text in texts:
            log.warning("said %s", text, extra={"said": text, "more": [text, {text: text}], "error": ValueError(text)})
        raw = written.raw()
    assert len(raw) == len(texts)
    for line in raw:
        assert set(json.loads(line)) == {"event", "level", "timestamp", "logger", "said", "more", "error"}
        assert_clean(line)
        assert_clean(json.loads(line)["event"])


def test_a_traceback_is_within_its_line():
    with product_log() as written:
        logging.getLogger("bot.hostile").error("it failed", exc_info=ValueError(f"a\nb\x1b[31m {SECRETS}"))
        [line] = written.raw()
    assert "ValueError: a\\nb\\x1b[31m […]" in json.loads(line)["exception"]
    assert_clean(line)


def test_a_long_text_holds_nobody_up():
    began = time.perf_counter()
    for text in ("x" * 200_000, "://" * 60_000, "a@" * 100_000, "://x:" * 40_000, "xoxb-" * 40_000):
        scrub(text)
    assert time.perf_counter() - began < 5


def test_secrets_and_addresses_are_not_written():
    shown = scrub(SECRETS)
    assert_clean(shown)
    assert "hunter2" not in shown
    assert scrub("move 7: 3 of 5 sent") == "move 7: 3 of 5 sent"


@settings(deadline=None)
@given(st.text(max_size=300))
@example("a@b.example")
@example("\r\n\u2028{}")
def test_any_text_is_one_clean_line(text):
    shown = scrub(text)
    assert not CONTROL.search(shown)
    assert len(shown.splitlines()) <= 1
    assert not ADDRESS.search(shown)


# -- drafts


def assert_draft(text):
    """What a stranger wrote is data in the draft: one line where one is meant, and no template."""
    inquiry = Inquiry(form="contact", name=text, company=text, message=text, email="dana@northpier.example")
    wants = interests(text)
    draft = answer_inquiry(inquiry, wants, VOICE)
    assert draft.subject.strip()
    assert len(draft.subject) <= 150
    assert not CONTROL.search(draft.subject)
    company = one_line(text, 80)
    plain = answer_inquiry(Inquiry(form="contact", company="Northpier"), wants, VOICE)
    greeting = f"Hi {first_name(text)}," if first_name(text) else "Hi,"
    expected = [greeting, *plain.body.splitlines()[1:]]
    thanks = f"thank you for writing to us from {company}." if company else "thank you for writing to us."
    expected = [thanks if line == "thank you for writing to us from Northpier." else line for line in expected]
    assert draft.body.split("\n") == [*expected, ""]


def test_every_hostile_string_is_data_in_a_draft():
    for text in hostile_strings():
        assert_draft(text)


@settings(deadline=None)
@given(st.text(max_size=300))
@example("{{ voice.name }}{% for x in range(9) %}")
@example("Zoë-Ann")
@example("a\nBcc: eve@evil.example")
def test_any_text_is_data_in_a_draft(text):
    assert_draft(text)


def test_a_draft_of_any_form_that_can_be_stored_can_be_mailed():
    for text in hostile_strings():
        if "\0" in text or re.search("[\ud800-\udfff]", text):
            continue
        draft = answer_inquiry(Inquiry(form="contact", name=text, company=text, message=text), interests(text), VOICE)
        mail = Mail(("dana@northpier.example",), draft.subject, draft.body, from_name=text)
        head = compose(mail, key="k-0", sender="casey@pier7.example").partition(b"\r\n\r\n")[0]
        assert not re.search(rb"^(bcc|cc|reply-to)\s*:", head, re.IGNORECASE | re.MULTILINE)


# -- the command


async def said_to(product, texts):
    """What `/moves` answers to each of these texts, as Slack would show it."""
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        for text in texts:
            command = {"command": "/moves", "user_id": "U0CASEY", "channel_id": "D0CASEY", "text": text}
            body, _ = encoded("", command)
            headers = {"Content-Type": FORM, **signed(body, secret=SIGNING_SECRET)}
            answer = await http.post(f"{product.url}/slack/events", content=body, headers=headers)
            assert answer.status_code == 200, (text, answer.text)
            yield answer.json()["text"]


@pytest.mark.parametrize("word", ["", "why ", "pause "])
async def test_whatever_is_typed_after_the_command_is_answered_and_nothing_in_it_lives(product, word):
    texts = of_every_kind(150, fits=lambda text: len(text) <= 4000 and text.isprintable())
    async for said in said_to(product, [word + text for text in [*texts, "²", "9" * 3999, "a\0b", "٣"]]):
        assert said.strip()
        assert_dead(said)
    async for said in said_to(product, ["list"]):
        assert_dead(said, members=["U0CASEY"])


# -- the modal


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"body": "a\0b"}, "body"),
        ({"subject": "a\0b"}, "subject"),
        ({"to": "dana@northpier.example\r\nBcc: eve@evil.example"}, "to"),
        ({"to": "<!channel>"}, "to"),
        ({"to": "dänä@northpier.example"}, "to"),
        ({"subject": " "}, "subject"),
    ],
)
async def test_what_cannot_be_mailed_is_said_beside_its_field(product, values, wrong):
    await product.fill_form(message="A booth?")
    await product.settle()
    await product.press("move_execute", on=await product.card())
    answer = await product.submit(**values)
    assert answer["error"] is None
    assert answer["response"]["response_action"] == "errors"
    assert set(answer["response"]["errors"]) == {wrong}
