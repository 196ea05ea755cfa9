"""Mail addresses: which can be written to, and their one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import address

LONG_LABEL = "a" * 63


@pytest.mark.parametrize(
    ("given_as", "kept_as"),
    [
        ("dana@northpier.example", "dana@northpier.example"),
        ("  Dana.Whitfield@NorthPier.EXAMPLE ", "dana.whitfield@northpier.example"),
        ("dana+fair@mail.northpier.example", "dana+fair@mail.northpier.example"),
        ("o'brien@northpier.example", "o'brien@northpier.example"),
        ("1@2.example", "1@2.example"),
        (f"{'a' * 64}@northpier.example", f"{'a' * 64}@northpier.example"),
        (f"dana@{LONG_LABEL}.example", f"dana@{LONG_LABEL}.example"),
        ("dana@xn--bcher-kva.example", "dana@xn--bcher-kva.example"),
    ],
)
def test_an_address_that_mail_can_reach_has_one_form(given_as, kept_as):
    assert address.parse(given_as) == kept_as


@pytest.mark.parametrize(
    "given_as",
    [
        "",
        " ",
        "dana",
        "dana@",
        "@northpier.example",
        "dana@northpier",
        "dana@localhost",
        "dana@.example",
        "dana@northpier..example",
        ".dana@northpier.example",
        "dana.@northpier.example",
        "da..na@northpier.example",
        "dana@-northpier.example",
        "dana@northpier-.example",
        "dana@northpier.e",
        "dana@10.0.0.1",
        "dana@northpier.example, orla@pier7.example",
        "dana@northpier.example\nBcc: orla@pier7.example",
        "Dana <dana@northpier.example>",
        '"da na"@northpier.example',
        "da na@northpier.example",
        "dana@northpier.example;",
        "däna@northpier.example",
        "dana@nörthpier.example",
        "dana\x00@northpier.example",
        "dana@northpier.example\u2028x",
        f"{'a' * 65}@northpier.example",
        f"dana@{'a' * 64}.example",
        f"dana@{'.'.join(['a' * 60] * 5)}.example",
    ],
)
def test_what_mail_cannot_reach_is_no_address(given_as):
    assert address.parse(given_as) is None


@given(st.text(max_size=60))
def test_whatever_comes_out_goes_in_again_unchanged_and_fits_a_header(text):
    for candidate in (text, f"{text}@northpier.example"):
        kept = address.parse(candidate)
        if kept is not None:
            assert address.parse(kept) == kept
            assert kept.isascii()
            assert not set(kept) & set(' \r\n,;<>"')


def test_the_domain_is_what_follows_the_at_sign():
    assert address.domain("dana@mail.northpier.example") == "mail.northpier.example"
