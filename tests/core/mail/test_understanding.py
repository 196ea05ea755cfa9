"""Any bytes are understood as well as they can be, in bounded time, and in the same way each time."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.mail.understanding import prepare, understand
from tests.core.mail.mails import mail, notice, report

SAMPLES = [
    mail("Yes, please send me the offer.\n\nOn 24 Nov 2026 Nora Feld <nora@pier7.example> wrote:\n> Interested?"),
    report("This is the mail system.", status="5.1.1", diagnostic="550 5.1.1 User unknown"),
    notice("Your message to bo@hill.example could not be delivered: 550 mailbox full", subject="Undelivered mail"),
    mail("I am back on 7 December.", subject="Automatic reply: Offer", headers="Auto-Submitted: auto-replied\n"),
]


@given(st.binary(max_size=4_000))
@example(b"")
@example(b"\x00")
@example(b'Content-Type: multipart/mixed; boundary=""\n\n--\n')
@example(b"Content-Type: text/plain; charset=zlib\n\nx\n")
@example(b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n????\n")
@example(b"Content-Type: message/rfc822\n\n" * 300)
def test_any_bytes_are_understood(raw: bytes) -> None:
    understood = understand(raw)
    assert (understood.bounce is not None) == (understood.class_ == "bounce")
    assert understood == understand(raw)


@given(
    sample=st.sampled_from(SAMPLES), at=st.integers(0, 2_000), junk=st.binary(max_size=30), cut=st.integers(0, 2_000)
)
def test_a_damaged_mail_is_still_answered(sample: bytes, at: int, junk: bytes, cut: int) -> None:
    understand(sample[:at] + junk + sample[at:])
    understand(sample[:cut])


@pytest.mark.parametrize("raw", SAMPLES)
@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
def test_line_ends_change_nothing(raw: bytes, ends: bytes) -> None:
    assert understand(raw.replace(b"\n", ends)) == understand(raw)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252"])
def test_letters_are_read_by_the_named_charset(encoding: str) -> None:
    raw = mail("Schöne Grüße aus Köln").replace(b"charset=utf-8", f"charset={encoding}".encode())
    assert understand(raw.decode().encode(encoding)).reply_text == "Schöne Grüße aus Köln"


@pytest.mark.parametrize(
    "text",
    [
        "> " * 50_000,
        "On " + " " * 50_000 + "wrote:",
        "a" * 200_000,
        "No " * 60_000,
        "On 1 May 2026 x wrote:\n" * 5_000,
        "<p>" * 60_000,
        "jo@fernway.example " * 10_000,
        "550 5.1.1 " * 20_000,
        "until 3 December and " * 10_000,
        "send " * 40_000 + "?",
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_hostile_texts_take_bounded_time(text: str, kind: str) -> None:
    prepare()
    start = time.process_time()
    understand(mail(text, subject=text[:10_000]).replace(b"text/plain", kind.encode()))
    # Ordinary mails take a few milliseconds; this bound catches growth with the square of the length.
    assert time.process_time() - start < 2
