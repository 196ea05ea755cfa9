"""What a mail says: its text in any charset, who it is from, and whether a machine wrote it."""

import base64
import time
from datetime import UTC, datetime

import pytest

from integrations.gmail.message import addresses, draft_mail, incoming
from integrations.gmail.resource import Message


def part(content=b"", kind="text/plain", filename="", parts=(), **headers):
    shown = [{"name": name.replace("_", "-"), "value": value} for name, value in headers.items()]
    data = base64.urlsafe_b64encode(content).decode().rstrip("=")
    return {"mimeType": kind, "filename": filename, "headers": shown, "body": {"data": data}, "parts": list(parts)}


def message(payload, snippet=""):
    content = {"id": "m", "threadId": "t", "internalDate": "1795426680123", "snippet": snippet, "payload": payload}
    return Message.model_validate(content)


def read(*args, **kwargs):
    return incoming(message(part(*args, **kwargs)))


def test_a_plain_mail():
    found = read(b"Yes.\r\nDana\r\n", From='"Whitfield, Dana" <Dana@northpier.example>', Subject="Re:  Your\r\n stand")
    assert found.text == "Yes.\nDana\n"
    assert found.sender == "Dana@northpier.example"
    assert found.subject == "Re: Your stand"
    assert found.at == datetime(2026, 11, 23, 9, 38, 0, 123000, tzinfo=UTC)
    assert not found.automatic


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),  # handed over in UTF-8 whatever the header says
        ("“Grüße” €".encode("cp1252"), "iso-8859-1", "“Grüße” €"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("こんにちは".encode("iso-2022-jp"), "ISO-2022-JP", "こんにちは"),
        ("こんにちは".encode("shift_jis"), "shift_jis", "こんにちは"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        (b"plain", "no-such-charset", "plain"),
        (b"\xff", "no-such-charset", "\ufffd"),
        (b"\xff", "zlib", "\ufffd"),
        (b"\xff\\ud800", "unicode_escape", "ÿ\ufffd"),
        (b"\xff", "undefined", "\ufffd"),
        (b"a\0b", "utf-8", "a\ufffdb"),
    ],
)
def test_any_charset_is_read(content, charset, text):
    assert read(content, Content_Type=f'text/plain; charset="{charset}"').text == text


def test_text_is_preferred_to_html_and_an_attachment_is_neither():
    plain, page = part(b"plain"), part(b"<p>page</p>", "text/html")
    attached = part(b"attached", filename="notes.txt")
    inner = part(kind="multipart/alternative", parts=[page, plain])
    assert incoming(message(part(kind="multipart/mixed", parts=[attached, inner]))).text == "plain"
    assert incoming(message(part(kind="multipart/mixed", parts=[attached, page]))).text == "page"
    assert incoming(message(part(kind="multipart/mixed", parts=[attached]), snippet="it&#39;s")).text == "it's"


def test_the_text_of_an_attached_mail_is_not_the_mails_text():
    original = part(kind="message/rfc822", parts=[part(b"the first mail")])
    bounce = part(kind="multipart/report", parts=[original, part(b"<p>not delivered</p>", "text/html")])
    assert incoming(message(bounce)).text == "not delivered"


def test_html_is_stripped_to_lines():
    page = b"""<html><head><title>x</title><style>p {}</style></head><body><p>Hi&nbsp;Casey,</p>
      <div>see you <b>then</b> &amp; there<br>Dana</div><script>alert(1)</script><![bad<p>end"""
    text = read(page, "text/html").text
    assert text.startswith("Hi Casey,\n\nsee you then & there\nDana")
    assert "alert" not in text
    assert "{}" not in text


@pytest.mark.parametrize("broken", ["<", "<![", "<!--", "&#x0;&#xd800;", "<p a=", "<script>", "<p><!-- -->", "<x>"])
def test_broken_html_is_read_in_good_time(broken):
    began = time.perf_counter()
    text = read((broken * 500_000)[:500_000].encode(), "text/html").text
    assert time.perf_counter() - began < 5
    assert "\0" not in text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<!-- <p>hidden</p> -->b", "ab"),
        ("a<!-- x -->b", "ab"),
        ("1 < 2 &lt; 3", "1 < 2 < 3"),
        ("a<script>if (1 < 2) x('<p>')</script>b", "ab"),
        ("<STYLE>x</Style>a", "a"),
        ("<!DOCTYPE html><?xml?>a<P>b", "a\nb"),
        ("<html><head><title>x</title><body>a", "a"),
        ("a<!-- never closed <p>b", "a"),
        ("a<p", "a"),
        ("", ""),
    ],
)
def test_simple_pages(html, text):
    assert read(html.encode(), "text/html").text == text


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({}, False),
        ({"Auto_Submitted": "no"}, False),
        ({"Auto_Submitted": "No; comment"}, False),
        ({"Auto_Submitted": "auto-replied"}, True),
        ({"auto_submitted": "auto-generated; x=y"}, True),
        ({"Precedence": "bulk"}, True),
        ({"Precedence": "Auto_Reply"}, True),
        ({"Precedence": "junk"}, True),
        ({"Precedence": "first-class"}, False),
        ({"X_Autoreply": "yes"}, True),
        ({"X_Failed_Recipients": "dana@northpier.example"}, True),
        ({"From": "Mail Delivery <MAILER-DAEMON@mail.example>"}, True),
        ({"From": "mailer-daemon"}, False),
        ({"Return_Path": "<>"}, True),
        ({"Return_Path": "<dana@northpier.example>"}, False),
    ],
)
def test_what_a_machine_wrote(headers, automatic):
    sent = {"From": "dana@northpier.example", **headers}
    assert read(b"x", **sent).automatic is automatic


def test_a_report_is_automatic():
    assert read(kind="multipart/report", From="dana@northpier.example").automatic


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("dana@northpier.example", ["dana@northpier.example"]),
        ("Dana <dana@northpier.example>", ["dana@northpier.example"]),
        ('"eve@evil.example" <dana@northpier.example>', ["dana@northpier.example"]),
        ('"Eve, <eve@evil.example>" <dana@northpier.example>', ["dana@northpier.example"]),
        ("eve@evil.example <dana@northpier.example>", ["dana@northpier.example"]),
        ("a@x.example, B <b@x.example>", ["a@x.example", "b@x.example"]),
        ("nobody", []),
        ("", []),
        ("<<<>>>@,@", []),
    ],
)
def test_bare_addresses(header, found):
    assert addresses(header) == found


def test_a_draft_shows_everybody_who_would_get_it_and_what_is_attached():
    text = part(b"Hello\r\n")
    file = part(b"x", "application/pdf", filename="offer.pdf")
    headers = {"To": "dana@northpier.example", "Bcc": "eve@evil.example", "Subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?="}
    mail = draft_mail(message(part(kind="multipart/mixed", parts=[text, file], **headers)))
    assert mail.to == ("dana@northpier.example", "eve@evil.example")
    assert mail.body == "Hello\n[attached: offer.pdf]"
    assert mail.subject == "Grüße"


LINK = "https://casey.pier7.example/unsubscribe/abc"
ONE_CLICK = "List-Unsubscribe=One-Click"


def drafted(*headers):
    payload = {**part(b"hi"), "headers": [{"name": name, "value": value} for name, value in headers]}
    return draft_mail(message(payload)).unsubscribe_url


def test_a_drafts_way_out_is_read_as_it_was_written():
    assert drafted(("List-Unsubscribe", f"<{LINK}>"), ("List-Unsubscribe-Post", ONE_CLICK)) == LINK
    assert drafted(("list-unsubscribe", f" <{LINK}>\r\n"), ("LIST-UNSUBSCRIBE-POST", f" {ONE_CLICK}")) == LINK
    assert drafted() is None


@pytest.mark.parametrize(
    "headers",
    [
        [("List-Unsubscribe", f"<{LINK}>")],
        [("List-Unsubscribe-Post", ONE_CLICK)],
        [("List-Unsubscribe", f"<{LINK}>"), ("List-Unsubscribe-Post", "no")],
        [("List-Unsubscribe", LINK), ("List-Unsubscribe-Post", ONE_CLICK)],
        [("List-Unsubscribe", f"<{LINK}>, <https://evil.example>"), ("List-Unsubscribe-Post", ONE_CLICK)],
        [("List-Unsubscribe", f"<{LINK}>")] * 2 + [("List-Unsubscribe-Post", ONE_CLICK)],
        [("List-Unsubscribe", f"<{LINK}>")] + [("List-Unsubscribe-Post", ONE_CLICK)] * 2,
        [("List-Unsubscribe", ""), ("List-Unsubscribe-Post", ONE_CLICK)],
    ],
)
def test_a_way_out_that_is_not_whole_equals_none_that_was_approved(headers):
    assert drafted(*headers) not in (None, LINK)
