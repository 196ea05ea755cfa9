"""The route for forms: what is refused and how it is said, and that what is stored is stored once and whole."""

import asyncio
import time

import pytest
from sqlalchemy import func, select

from core.tables import effects, moves, recommendations, signals
from core.telling import CARD_PAUSE
from integrations.forms.signals import MAX_BODY_BYTES
from tests.support.forms import JSON, URLENCODED, deliver, problem

DANA = {"name": "Dana", "email": "dana@northpier.example", "company": "Northpier", "message": "A booth, please"}
NUL, HALF = "a\0b", "a\ud800b"


async def rows(product, *tables):
    async with product.services.database.begin() as db:
        return [(await db.execute(select(func.count()).select_from(table))).scalar_one() for table in tables]


async def payloads(product):
    async with product.services.database.begin() as db:
        return list((await db.execute(select(signals.c.payload))).scalars())


def fields(**more):
    return {"fields": {**DANA, **more}}


def doubled(name):
    return f'{{"fields": {{"email": "dana@northpier.example", "{name}": "a", "{name}": "b"}}}}'.encode()


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        pytest.param(b"{", JSON, (400, "malformed_json", None), id="cut off"),
        pytest.param(b"\xff{}", JSON, (400, "malformed_json", None), id="not UTF-8"),
        pytest.param(b"[1]", JSON, (400, "not_an_object", None), id="a list"),
        pytest.param(b"[" * 60_000, JSON, (400, "too_deep", None), id="deeper than can be read"),
        pytest.param(b"", JSON, (400, "malformed_json", None), id="nothing"),
        pytest.param(b"name=Dana", "text/plain", (415, "unsupported_media_type", None), id="plain text"),
        pytest.param(b"{}", f"{JSON}; charset=utf-16", (415, "unsupported_charset", None), id="UTF-16"),
        pytest.param(b"name=%FF&email=a%40b.example", URLENCODED, (400, "malformed_form", None), id="form not UTF-8"),
        pytest.param({"fields": {"name": "Dana"}}, JSON, (400, "missing_field", "email"), id="no address"),
        pytest.param(fields(name=NUL), JSON, (400, "nul_in_text", "name"), id="NUL in the name"),
        pytest.param(fields(message=HALF), JSON, (400, "lone_surrogate", "message"), id="half a pair"),
        pytest.param(fields(**{NUL: "x"}), JSON, (400, "nul_in_text", "a�b"), id="NUL in a field's name"),
        pytest.param(
            {**fields(), "submission_id": NUL}, JSON, (400, "nul_in_text", "submission_id"), id="NUL in the id"
        ),
        pytest.param(fields(company="x" * 20_001), JSON, (413, "too_long", "company"), id="a long text"),
        pytest.param(fields(message={"a": "b"}), JSON, (400, "too_deep", "message"), id="an object in a field"),
        pytest.param(fields(email=["a@b.example", "c@d.example"]), JSON, (400, "duplicate_field", "email"), id="two"),
        pytest.param(doubled("name"), JSON, (400, "duplicate_field", "name"), id="a key twice"),
        pytest.param(
            b"email=a%40b.example&email=c%40d.example", URLENCODED, (400, "duplicate_field", "email"), id="form twice"
        ),
        pytest.param({**fields(), "submitted_at": "soon"}, JSON, (400, "bad_time", "submitted_at"), id="no time"),
        pytest.param(b'"' + b"x" * MAX_BODY_BYTES + b'"', JSON, (413, "too_large", None), id="too large"),
    ],
)
async def test_what_cannot_be_kept_whole_is_refused_by_name_and_nothing_is_kept(product, content, kind, expected):
    assert problem(await deliver(product, content, kind=kind)) == expected
    assert await rows(product, signals, moves) == [0, 0]


async def test_a_body_that_does_not_say_how_long_it_is_is_cut_off_at_the_limit(product):
    answer = await deliver(product, b"x" * (MAX_BODY_BYTES + 1), chunked=True)
    assert problem(answer) == (413, "too_large", None)
    assert (await deliver(product, fields(), chunked=True)).status_code == 202


async def test_a_form_nobody_knows_is_refused(product):
    assert problem(await deliver(product, fields(), form="newsletter")) == (404, "unknown_form", None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "missing_signature", None)),
        ({"X-CaseyOS-Timestamp": str(int(time.time()))}, (401, "missing_signature", None)),
        ({"X-CaseyOS-Timestamp": "soon", "X-CaseyOS-Signature": "v1=0"}, (400, "bad_timestamp", None)),
        (
            {"X-CaseyOS-Timestamp": str(int(time.time())), "X-CaseyOS-Signature": "v1=" + "0" * 64},
            (401, "bad_signature", None),
        ),
    ],
    ids=["unsigned", "half signed", "no time", "by somebody else"],
)
async def test_an_unsigned_form_is_refused_before_it_is_read(product, headers, expected):
    assert problem(await deliver(product, b"{", headers=headers)) == expected
    assert await rows(product, signals) == [0]


@pytest.mark.parametrize("off_s", [-302, 302])
async def test_a_form_signed_outside_the_window_is_refused(product, off_s):
    answer = await deliver(product, fields(), at=product.clock.now.timestamp() + off_s)
    assert problem(answer) == (401, "stale_timestamp", None)
    assert await rows(product, signals) == [0]


async def test_a_repeat_within_the_window_is_accepted_and_keeps_nothing_new(product):
    first, again = [await deliver(product, {**fields(), "submission_id": "s-1"}) for _ in range(2)]
    changed = await deliver(product, {**fields(message="Something else"), "submission_id": "s-1"})
    assert [(one.status_code, one.json()["repeated"]) for one in (first, again, changed)] == [
        (202, False),
        (202, True),
        (202, True),
    ]
    assert await rows(product, signals) == [1]
    [kept] = await payloads(product)
    assert kept["message"] == DANA["message"]


async def test_a_repeat_without_an_id_is_known_by_what_it_says(product):
    answers = [await deliver(product, fields(message=said)) for said in ("one", "one", "two")]
    assert [one.json()["repeated"] for one in answers] == [False, True, False]
    assert await rows(product, signals) == [2]


async def test_a_form_of_an_ordinary_website_is_taken_too(product):
    answer = await deliver(product, b"name=Zo%C3%AB&email=zoe%40harlowlane.example&message=a+b%0D%0Ac", kind=URLENCODED)
    assert answer.status_code == 202
    [kept] = await payloads(product)
    assert (kept["name"], kept["message"]) == ("Zoë", "a b\r\nc")


async def test_five_deliveries_at_once_are_one_signal_one_move_one_card(product):
    form = await product.fill_form(times=5, message="What does a booth cost?")
    assert [one["status"] for one in form["answers"]] == [202] * 5
    await product.settle()
    assert await rows(product, signals, recommendations, moves) == [1, 1, 1]
    assert len(await product.messages()) == 1


async def test_two_forms_of_one_person_at_once_are_one_move_and_one_note(product):
    email = "two.forms@northpier.example"
    await asyncio.gather(*(product.fill_form(email=email, message=said) for said in ("A booth?", "And a talk?")))
    await product.settle()
    product.clock.advance(CARD_PAUSE)  # the note belongs into the card's thread, and may have had to wait for it
    await product.settle()
    assert await rows(product, signals, moves) == [2, 1]
    assert len([one for one in await product.messages() if one.get("thread_ts") in {None, one["ts"]}]) == 1
    [note] = await product.notes()
    assert "filled in the form contact again" in note


async def test_a_form_that_repeats_forever_leaves_one_effect_to_tell_it(product):
    for _ in range(3):
        await product.fill_form(submission_id="s-2", message="A booth?")
        await product.settle()
    assert await rows(product, signals, moves, effects) == [1, 1, 1]
