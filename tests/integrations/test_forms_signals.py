"""A form's delivery: whose it is, what may be in it, and what becomes of it."""

import contextlib
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.inquiry import Inquiry
from integrations.forms.mapping import FormMappings
from integrations.forms.signals import MAX_BODY_BYTES, MAX_TEXT, BadForm, check_signature, parse, sign
from tests.support.strings import hostile_strings

NOW = datetime(2026, 11, 23, 9, 40, tzinfo=UTC)
SECRET = "s3cret"
BODY = b'{"email": "dana@northpier.example"}'
FORMS = FormMappings.load()
JSON = {"content-type": "application/json"}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
DANA = {"name": "Dana", "email": "dana@northpier.example", "company": "Northpier", "message": "A booth, please"}


def signed(body=BODY, *, secret=SECRET, at=NOW, **headers):
    timestamp = int(at.timestamp())
    kept = {
        "X-CaseyOS-Timestamp": str(timestamp),
        "X-CaseyOS-Signature": sign(body, timestamp=timestamp, secret=secret),
    }
    return {**kept, **{name.replace("_", "-"): value for name, value in headers.items()}}


def parsed(content, headers=JSON, form="contact", now=NOW):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return parse(form, body, headers, FORMS, now)


def inquiry(content, headers=JSON):
    return Inquiry.model_validate(parsed(content, headers).payload)


def refused(call):
    with pytest.raises(BadForm) as raised:
        call()
    assert raised.value.message
    return raised.value.code, raised.value.status, raised.value.field


# -- signature


@pytest.mark.parametrize("off", [0, 299, -299, 300, -300])
def test_a_signature_within_the_window_holds(off):
    check_signature(BODY, signed(at=NOW + timedelta(seconds=off)), secret=SECRET, now=NOW)


def test_a_signature_may_come_in_headers_of_any_case():
    headers = {name.lower(): value for name, value in signed().items()}
    check_signature(BODY, headers, secret=SECRET, now=NOW)


def test_anybody_can_make_the_signature_by_hand():
    by_hand = hmac.new(b"s3cret", b"1795426800." + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, timestamp=1795426800, secret=SECRET) == f"v1={by_hand}"


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({}, "missing_signature", 401),
        ({"X-CaseyOS-Timestamp": "1"}, "missing_signature", 401),
        ({"X-CaseyOS-Signature": "v1=00"}, "missing_signature", 401),
        ({**signed(), "x-caseyos-signature": "v1=00"}, "missing_signature", 401),
        (signed(secret="another"), "bad_signature", 401),
        (signed(b"another body"), "bad_signature", 401),
        (signed(X_CaseyOS_Signature=""), "bad_signature", 401),
        (signed(X_CaseyOS_Signature="v1="), "bad_signature", 401),
        (signed(X_CaseyOS_Signature="é\udc80\ud800"), "bad_signature", 401),
        (signed(X_CaseyOS_Signature=signed()["X-CaseyOS-Signature"].removeprefix("v1=")), "bad_signature", 401),
        (signed(X_CaseyOS_Timestamp="0"), "bad_signature", 401),
        (signed(X_CaseyOS_Timestamp=f"0{int(NOW.timestamp())}"), "bad_signature", 401),
        (signed(at=NOW - timedelta(seconds=301)), "stale_timestamp", 401),
        (signed(at=NOW + timedelta(seconds=301)), "stale_timestamp", 401),
        (signed(X_CaseyOS_Timestamp=""), "bad_timestamp", 400),
        (signed(X_CaseyOS_Timestamp="soon"), "bad_timestamp", 400),
        (signed(X_CaseyOS_Timestamp="-1"), "bad_timestamp", 400),
        (signed(X_CaseyOS_Timestamp="1.5"), "bad_timestamp", 400),
        (signed(X_CaseyOS_Timestamp="١٢٣"), "bad_timestamp", 400),
        (signed(X_CaseyOS_Timestamp="9" * 5000), "bad_timestamp", 400),
    ],
)
def test_any_other_signature_is_refused(headers, code, status):
    assert refused(lambda: check_signature(BODY, headers, secret=SECRET, now=NOW))[:2] == (code, status)


def test_an_empty_secret_proves_nothing():
    with pytest.raises(ValueError, match="empty"):
        check_signature(BODY, signed(secret=""), secret="", now=NOW)


# -- what becomes of it


def test_a_submission_as_the_sandbox_sends_it():
    content = {
        "submission_id": "sub_1",
        "submitted_at": "2026-11-23T10:38:00+01:00",
        "fields": {**DANA, "source": "fair"},
    }
    signal = parsed(content)
    assert (signal.source, signal.kind, signal.dedup_key) == ("form:contact", "form_submitted", "sub_1")
    assert signal.occurred_at == datetime(2026, 11, 23, 9, 38, tzinfo=UTC)
    found = Inquiry.model_validate(signal.payload)
    assert {name: getattr(found, name) for name in DANA} == DANA
    assert (found.form, found.currency, found.owner, found.other) == ("contact", "USD", None, {"source": "fair"})
    assert {name: str(price.money()) for name, price in found.prices.items()} == {
        "exhibit": "$18,500",
        "sponsor": "$30,000",
        "attend": "$900",
    }


def test_flat_json_and_a_plain_html_form_say_the_same():
    flat = parsed({**DANA, "submission_id": "s"})
    plain = parsed(urlencode({**DANA, "submission_id": "s"}).encode(), URLENCODED)
    assert flat == plain
    assert flat.occurred_at == NOW


def test_without_an_id_the_same_content_is_the_same_submission():
    first = parsed(DANA)
    assert parsed(dict(reversed(DANA.items()))).dedup_key == first.dedup_key
    assert parsed(json.dumps(DANA, indent=3).encode()).dedup_key == first.dedup_key
    assert parsed({**DANA, "message": "A booth, please "}).dedup_key != first.dedup_key
    assert parsed({**DANA, "submission_id": ""}).dedup_key == first.dedup_key


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-11-23T09:38:00Z", datetime(2026, 11, 23, 9, 38, tzinfo=UTC)),
        ("2026-11-23T09:38:00", datetime(2026, 11, 23, 9, 38, tzinfo=UTC)),
        (1795426800, datetime(2026, 11, 23, 9, 40, tzinfo=UTC)),
        ("2030-01-01T00:00:00Z", NOW),
        (None, NOW),
        ("", NOW),
    ],
)
def test_when_it_was_sent(given, moment):
    assert parsed({"fields": DANA, "submitted_at": given}).occurred_at == moment


@pytest.mark.parametrize(
    ("written", "budget"),
    [
        ("18500", "18500"),
        ("18,500", "18500"),
        ("$18,500.00", "18500.00"),
        ("18 500 USD", "18500"),
        (" usd 18500 ", "18500"),
        (18500, "18500"),
        (18500.5, "18500.5"),
        ("20k", None),
        ("20.000", None),
        ("18500 EUR", None),
        ("€18500", None),
        ("10-20000", None),
        ("-5", None),
        ("1e999999", None),
        ("١٢٣", None),
        ("a lot", None),
        ("", None),
    ],
)
def test_a_budget_is_an_amount_or_stays_words(written, budget):
    found = inquiry({**DANA, "budget": written})
    assert found.budget == (None if budget is None else Decimal(budget))
    assert found.other == ({} if budget is not None or not str(written).strip() else {"budget": str(written)})


def test_values_that_are_no_text_are_written_as_they_were():
    found = inquiry(
        b'{"email": "d@x.example", "n": 1.10, "yes": true, "none": null, "days": ["mon", 2, false, null], "big": '
        + b"9" * 5000
        + b"}"
    )
    assert found.other == {"n": "1.10", "yes": "true", "none": "", "days": "mon, 2, false, ", "big": "9" * 5000}


def test_several_choices_of_an_html_form_are_joined():
    found = inquiry(b"email=d%40x.example&days=mon&days=tue", URLENCODED)
    assert found.other == {"days": "mon, tue"}


# -- what is refused


def field(name, value):
    return {**DANA, name: value}


@pytest.mark.parametrize(
    ("content", "headers", "code", "status", "blamed"),
    [
        (DANA, {}, "unsupported_media_type", 415, None),
        (DANA, {"content-type": "text/plain"}, "unsupported_media_type", 415, None),
        (DANA, {"content-type": "multipart/form-data; boundary=x"}, "unsupported_media_type", 415, None),
        (DANA, {"content-type": "application/json; charset=utf-16"}, "unsupported_charset", 415, None),
        (DANA, {"content-type": 'application/json; charset="latin-1"'}, "unsupported_charset", 415, None),
        (DANA, {"content-type": "application/x-www-form-urlencoded; charset=x"}, "unsupported_charset", 415, None),
        (b"", JSON, "malformed_json", 400, None),
        (b"{", JSON, "malformed_json", 400, None),
        (b"\xff", JSON, "malformed_json", 400, None),
        (b'{"email": NaN}', JSON, "malformed_json", 400, None),
        (b'{"email": -Infinity}', JSON, "malformed_json", 400, None),
        (b"[]", JSON, "not_an_object", 400, None),
        (b"5", JSON, "not_an_object", 400, None),
        (b'"x"', JSON, "not_an_object", 400, None),
        (b'{"email": "a", "email": "b"}', JSON, "duplicate_field", 400, "email"),
        (b'{"fields": {"email": "a", "email": "b"}}', JSON, "duplicate_field", 400, "email"),
        (b"email=a&email=b", URLENCODED, "duplicate_field", 400, "email"),
        (b'{"email": ["a", "b"]}', JSON, "duplicate_field", 400, "email"),
        (field("message", "a\0b"), JSON, "nul_in_text", 400, "message"),
        (b"email=a&message=a%00b", URLENCODED, "nul_in_text", 400, "message"),
        (field("a\0b", "x"), JSON, "nul_in_text", 400, "a�b"),
        (field("days", ["a", "\0"]), JSON, "nul_in_text", 400, "days"),
        (field("message", "\ud800"), JSON, "lone_surrogate", 400, "message"),
        (b"email=a&message=%ED%A0%80", URLENCODED, "malformed_form", 400, None),
        (b"email=\xff", URLENCODED, "malformed_form", 400, None),
        (field("message", {"a": 1}), JSON, "too_deep", 400, "message"),
        (field("message", [["a"]]), JSON, "too_deep", 400, "message"),
        (b"[" * 60_000, JSON, "too_deep", 400, None),
        (b'{"a":' * 10_000, JSON, "too_deep", 400, None),
        (field("message", "x" * (MAX_TEXT + 1)), JSON, "too_long", 413, "message"),
        (field("x" * 101, "x"), JSON, "too_long", 413, "x" * 100),
        (field("days", ["a"] * 101), JSON, "too_long", 413, "days"),
        ({f"f{n}": "" for n in range(101)}, JSON, "too_long", 413, None),
        ("&".join(f"f{n}=" for n in range(201)).encode(), URLENCODED, "too_long", 413, None),
        (b" " * (MAX_BODY_BYTES + 1), JSON, "too_long", 413, None),
        ({}, JSON, "missing_field", 400, "email"),
        (field("email", ""), JSON, "missing_field", 400, "email"),
        (field("email", " \n"), JSON, "missing_field", 400, "email"),
        (field("email", None), JSON, "missing_field", 400, "email"),
        (b"", URLENCODED, "missing_field", 400, "email"),
        (field("submission_id", "x" * 201), JSON, "bad_submission_id", 400, "submission_id"),
        (field("submission_id", "a\nb"), JSON, "bad_submission_id", 400, "submission_id"),
        (field("submission_id", ["a"]), JSON, "bad_submission_id", 400, "submission_id"),
        (field("submission_id", "a\0"), JSON, "nul_in_text", 400, "submission_id"),
        (field("submitted_at", "soon"), JSON, "bad_time", 400, "submitted_at"),
        (field("submitted_at", "0001-01-01T00:00:00+23:00"), JSON, "bad_time", 400, "submitted_at"),
        (field("submitted_at", "999999999999"), JSON, "bad_time", 400, "submitted_at"),
    ],
)
def test_what_is_refused(content, headers, code, status, blamed):
    assert refused(lambda: parsed(content, headers)) == (code, status, blamed)


def test_an_unknown_form_is_not_found():
    for form in ("", "other", "../contact", "contact\0"):
        assert refused(lambda form=form: parsed(DANA, form=form))[:2] == ("unknown_form", 404)


# -- hostile texts


def test_every_hostile_string_is_kept_exactly_or_refused_for_a_named_reason():
    seen = set()
    for text in hostile_strings():
        for name in ("name", "company", "message", "phone", "anything"):
            for headers, body in (
                (JSON, json.dumps(field(name, text)).encode()),
                (URLENCODED, encoded(field(name, text))),
            ):
                try:
                    payload = parsed(body, headers).payload
                except BadForm as error:
                    seen.add(error.code)
                    assert "\0" in text or len(text) > MAX_TEXT or any("\ud800" <= char <= "\udfff" for char in text)
                    continue
                assert (payload["other"] if name == "anything" else payload)[name] == text
                json.dumps(payload).encode()
    assert seen <= {"nul_in_text", "too_long", "lone_surrogate", "malformed_form"}


def encoded(fields):
    return urlencode(fields, errors="surrogatepass").encode()


def test_a_hostile_string_as_a_fields_name_or_address_is_kept_or_refused():
    blamed = set()
    for text in hostile_strings():
        for content in ({**DANA, "email": text}, {**DANA, text: "x"}, {**DANA, "submission_id": text}):
            try:
                signal = parsed(content)
            except BadForm as error:
                blamed.add(error.field or "")
                continue
            assert signal.payload["email"] == content["email"]
    assert all(name.isprintable() for name in blamed)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=5))
def test_any_texts_are_kept_exactly_or_refused(fields):
    content = {"fields": {"email": "d@x.example", **fields}}
    try:
        payload = parsed(content).payload
    except BadForm:
        return
    for name, text in fields.items():
        assert text in (payload.get(name), payload["other"].get(name)) or name == "budget"


@given(st.binary(max_size=300), st.sampled_from([JSON, URLENCODED]))
def test_any_bytes_are_read_or_refused(body, headers):
    with contextlib.suppress(BadForm):
        parsed(body, headers)


# -- consent

BOX = FormMappings.from_text(
    '[forms.contact]\nfields = {email = "email"}\nconsent = {field = "news", wording = "Yes,  send me news"}\n',
    name="a",
)


def agreed(value, headers=JSON):
    content = {"fields": {**DANA, "news": value}}
    body = json.dumps(content).encode() if headers is JSON else urlencode({**DANA, "news": value}, doseq=True).encode()
    return Inquiry.model_validate(parse("contact", body, headers, BOX, NOW).payload)


@pytest.mark.parametrize("value", [True, "true", "on", " ON ", "yes", "Y", "1", 1, "checked", ["on"]])
def test_a_ticked_box_is_kept_with_the_words_beside_it(value):
    found = agreed(value)
    assert found.consent is not None
    assert (found.consent.field, found.consent.wording) == ("news", "Yes, send me news")
    assert "news" not in found.other


@pytest.mark.parametrize(
    "value",
    [False, None, "", "off", "false", "no", "0", 0, "maybe", "yes please", ["0", "1"], ["on", "on"], "οn", "on\n\nx"],
)
def test_whatever_else_a_box_says_nobody_has_agreed_to_anything(value):
    assert agreed(value).consent is None


def test_a_box_of_an_ordinary_website_and_of_a_form_that_names_none():
    assert agreed("on", URLENCODED).consent is not None
    assert agreed(["0", "1"], URLENCODED).consent is None
    assert inquiry({"fields": {**DANA, "news": "on"}}).consent is None
