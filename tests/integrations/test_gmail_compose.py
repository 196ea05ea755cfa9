"""A mail as bytes: the same text comes back, and no stranger's text becomes a header."""

from email.header import decode_header, make_header
from email.parser import BytesParser
from email.policy import compat32, default

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.ports import Mail, Rejected
from integrations.gmail.compose import KEY_HEADER, compose, display_name
from tests.support.strings import hostile_strings

DANA = "dana@northpier.example"
CASEY = "casey@pier7.example"
HEADERS = [
    "Content-Transfer-Encoding",
    "Content-Type",
    "From",
    "MIME-Version",
    "Message-ID",
    "Subject",
    "To",
    KEY_HEADER,
]


def written(mail, key="k-0"):
    return compose(mail, key=key, sender=CASEY)


def parsed(raw):
    return BytesParser(policy=default).parsebytes(raw)


def assert_same(mail, raw):
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()
    found = parsed(raw)
    assert sorted(found.keys()) == sorted([*HEADERS, *(name for name, _ in mail.unsubscribe_headers)])
    assert [one.addr_spec for one in found["To"].addresses] == list(mail.to)
    assert [one.addr_spec for one in found["From"].addresses] == [CASEY]
    assert str(found["Subject"]) == mail.subject
    body = mail.body.replace("\r\n", "\n").replace("\r", "\n")
    assert found.get_content().replace("\r\n", "\n") == f"{body}\n"
    name = str(BytesParser(policy=compat32).parsebytes(raw)["From"]).rpartition("<")[0].strip()
    shown = str(make_header(decode_header(name))).strip()
    if found["From"].addresses[0].display_name != display_name(mail.from_name):
        assert shown in (display_name(mail.from_name), "")


def test_the_same_mail_is_the_same_bytes():
    mail = Mail((DANA,), "Grüße", "Hallo\n", from_name="Zoë")
    assert written(mail) == written(mail)
    assert written(mail) != written(mail, key="k-1")
    assert b"Date:" not in written(mail)


def test_a_plain_mail_is_plain_to_read():
    mail = Mail((DANA, "tomas@harlowlane.example"), "Your stand", "Hello Dana,\n\nCasey", from_name="Casey Morgan")
    assert written(mail, key="abc0").decode() == "\r\n".join(
        (
            "From: Casey Morgan",
            f" <{CASEY}>",
            f"To: {DANA},",
            " tomas@harlowlane.example",
            "Subject: Your stand",
            "Message-ID: <abc0@caseyos.example>",
            "X-CaseyOS-Key: abc0",
            'Content-Type: text/plain; charset="utf-8"',
            "Content-Transfer-Encoding: quoted-printable",
            "MIME-Version: 1.0",
            "",
            "Hello Dana,",
            "",
            "Casey",
            "",
        )
    )


def test_an_answer_names_what_it_answers_in_one_unfolded_line():
    answered = f"<{'a' * 300}@mail.example>"
    found = parsed(written(Mail((DANA,), "Re: x", "y", in_reply_to=answered)))
    assert found["In-Reply-To"] == found["References"] == answered


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: eve@evil.example", "a\nb", "a\rb", "a\0b", "a\u2028b", "a\u2029b", "a\x85b", "\ud800"]
)
def test_a_subject_with_a_line_break_is_rejected(text):
    with pytest.raises(Rejected, match="subject"):
        written(Mail((DANA,), text, "hi"))


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_a_body_that_no_mail_can_carry_is_rejected(text):
    with pytest.raises(Rejected, match="text"):
        written(Mail((DANA,), "Hi", text))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "dana",
        "dana@northpier",
        f"Dana <{DANA}>",
        f"{DANA}, eve@evil.example",
        f"{DANA}\r\nBcc: eve@evil.example",
        f"{DANA}\n",
        "dänä@northpier.example",
        '"a b"@northpier.example',
        "a..b@northpier.example",
        f"{'a' * 65}@northpier.example",
        f"a@{'b' * 260}.example",
    ],
)
def test_an_address_that_is_not_bare_and_plain_is_rejected(address):
    with pytest.raises(Rejected):
        written(Mail((address,), "Hi", "hi"))


@pytest.mark.parametrize(
    "answered", ["", "x", "<a@b>\r\nBcc: eve@evil.example", "<a@b> <c@d>", "<a b@c>", f"<{'a' * 999}@b>"]
)
def test_a_message_id_that_is_none_is_rejected(answered):
    with pytest.raises(Rejected, match="Message-ID"):
        written(Mail((DANA,), "Hi", "hi", in_reply_to=answered))


LINK = f"https://casey.pier7.example/unsubscribe/{'Ab-_' * 16}"


def test_a_way_out_is_two_unfolded_headers():
    raw = written(Mail((DANA,), "News", "hi", unsubscribe_url=LINK))
    assert f"List-Unsubscribe: <{LINK}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode() in raw
    found = parsed(raw)
    assert sorted(found.keys()) == sorted([*HEADERS, "List-Unsubscribe", "List-Unsubscribe-Post"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://casey.pier7.example/u",
        "https://casey.pier7.example",
        "https://casey.pier7.example/",
        "mailto:casey@pier7.example",
        f"{LINK}\r\nBcc: eve@evil.example",
        f"{LINK}\n",
        f"{LINK}>, <https://evil.example/u",
        f"{LINK} ",
        f"{LINK}?a=b",
        f"{LINK}/%0d%0aBcc:x",
        "https://eve@evil.example/u",
        "https://casey.pier7.example/ü",
        f"https://casey.pier7.example/{'a' * 800}",
    ],
)
def test_a_way_out_that_is_no_plain_https_address_is_rejected(url):
    with pytest.raises(Rejected, match="unsubscribe"):
        written(Mail((DANA,), "News", "hi", unsubscribe_url=url))


@pytest.mark.parametrize("key", ["", "a b", "a\r\nb", "a>b", "é", "x" * 101])
def test_a_key_is_one_word(key):
    with pytest.raises(Rejected, match="key"):
        written(Mail((DANA,), "Hi", "hi"), key=key)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Casey\r\nBcc: eve@evil.example", "Casey Bcc: eve@evil.example"),
        ('Casey" <eve@evil.example>', 'Casey" <eve@evil.example>'),
        ("Casey, Eve", "Casey, Eve"),
        ("Casey\u202egnidaelsim", "Casey gnidaelsim"),
        ("Zoë Müller", "Zoë Müller"),
        ("=?utf-8?q?Eve?=", "=?utf-8?q?Eve?="),
        ("\\", "\\"),
        ("\ud800", ""),
        ("  ", ""),
    ],
)
def test_a_display_name_is_only_a_display_name(name, shown):
    sender = parsed(written(Mail((DANA,), "Hi", "hi", from_name=name)))["From"].addresses
    assert [(one.display_name, one.addr_spec) for one in sender] == [(shown, CASEY)]


def test_every_hostile_string_is_rejected_or_comes_back_as_it_was():
    rejected = {"subject": 0, "body": 0}
    for text in hostile_strings():
        for field, mail in (
            ("subject", Mail((DANA,), text, "hi")),
            ("body", Mail((DANA,), "Hi", text)),
            ("name", Mail((DANA,), "Hi", "hi", from_name=text)),
            ("address", Mail((text,), "Hi", "hi")),
            ("link", Mail((DANA,), "Hi", "hi", unsubscribe_url=text)),
            ("link", Mail((DANA,), "Hi", "hi", unsubscribe_url=f"{LINK}{text}" if text else text)),
        ):
            try:
                raw = written(mail)
            except Rejected:
                if field not in {"address", "link"}:
                    rejected[field] += 1  # a display name never stops a mail: a KeyError here
                continue
            assert_same(mail, raw)
    assert rejected["body"] < 10
    assert rejected["subject"] < 100


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=80))
@example(" two  spaces ", "trailing \n", "a  b")
@example("x" * 300, "=" * 100, "é" * 70)
@example("=?utf-8?b?eA==?=", "From here\n.\n", '"\\"')
def test_any_text_is_rejected_or_comes_back_as_it_was(subject, body, name):
    mail = Mail((DANA,), subject, body, from_name=name)
    try:
        raw = written(mail)
    except Rejected:
        return
    assert_same(mail, raw)
