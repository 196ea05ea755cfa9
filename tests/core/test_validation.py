"""What must not leave in a mail is found, named, and never repeated when it is a secret; honest text passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.draft import Voice, answer_inquiry
from core.inquiry import Inquiry
from core.validation import first_flaw, flaws

# Put together here, so that no scanner takes this file for a leak.
AWS, GITHUB, SLACK = "AKIA" + "Q" * 16, "ghp_" + "a1B2" * 9, "xoxb-" + "1234567890-abcdef"
GOOGLE, STRIPE, HUBSPOT = "AIza" + "Sy" * 18, "sk_live_" + "a1" * 12, "pat-na1-" + "0123abcd-" * 4
JWT = "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSM"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("merge_fields", "Hi {{first_name}},"),
        ("merge_fields", "Hi {{ contact.first_name | default: 'there' }},"),
        ("merge_fields", "{% if company %}"),
        ("merge_fields", "Hi {first_name},"),
        ("merge_fields", "Hi ${firstName},"),
        ("merge_fields", "Hi *|FNAME|*,"),
        ("merge_fields", "Hi %FIRST_NAME%,"),
        ("merge_fields", "Hi %%FNAME%%,"),
        ("merge_fields", "Hi <<First Name>>,"),
        ("merge_fields", "Hi [NAME],"),
        ("merge_fields", "Hi [first name],"),
        ("merge_fields", "I saw that [your company] grows"),
        ("merge_fields", "[Insert price here] a month"),
        ("leftovers", "TODO: mention the discount"),
        ("leftovers", "It costs XXX euros"),
        ("leftovers", "Lorem ipsum dolor sit amet"),
        ("leftovers", "Hi undefined, thank you"),
        ("leftovers", "We spoke on TBD"),
        ("leftovers", "about [object Object]"),
        ("links", "See javascript:alert(1)"),
        ("links", "See data:text/html,hello"),
        ("links", "See ftp://files.northpier.example/a"),
        ("links", "See http://192.0.2.7/offer"),
        ("links", "See https://[2001:db8::1]/offer"),
        ("links", "See http://3221225991/offer"),
        ("links", "See http://0xc0000207/offer"),
        ("links", "See https://casey:hunter22@northpier.example/"),
        ("links", "See https://northpier.example@evil.example/"),
        ("links", "See http://localhost/offer"),
        ("links", "See [northpier.example](https://evil.example/login)"),
        ("links", '<a href="https://evil.example/">https://northpier.example</a>'),
        ("links", "[evilnorthpier.example](https://northpier.example/)"),
        ("secrets", f"the key is {AWS}"),
        ("secrets", GITHUB),
        ("secrets", SLACK),
        ("secrets", GOOGLE),
        ("secrets", STRIPE),
        ("secrets", HUBSPOT),
        ("secrets", JWT),
        ("secrets", "-----BEGIN RSA PRIVATE KEY-----"),
        ("secrets", "-----BEGIN PRIVATE KEY-----"),
        ("secrets", "Password: correct-horse"),
        ("secrets", "Das Passwort ist Sommer2026"),
        ("secrets", "api_key=0123456789abcdef"),
    ],
)
def test_what_must_not_leave_is_found_in_the_text_and_in_the_subject(rule, text):
    assert [flaw.rule for flaw in (first_flaw("Hello", text), first_flaw(text, "Hello"))] == [rule, rule]


@pytest.mark.parametrize(
    "text",
    [
        "Hi Dana,\n\nthank you for writing to us from Northpier Freight.",
        "Is your password safe? Your password is important to us, and the password is required.",
        "Our API key rotation guide is here: https://docs.northpier.example/keys?utm_source=mail#start",
        "See [our prices](https://northpier.example/prices) and [www.northpier.example](https://northpier.example/)",
        "[northpier.example](https://blog.northpier.example/post) tells more",
        "Re: [EXTERNAL] your offer [sic], and [1] below",
        "Sizes from S to XXXL, Super Bowl LX, 3 x 4, and a to-do list for todo apps.",
        "50 % off, 100% sure, 20%-30% more. Set {a, b}, then {1}.",
        "I earn $5, don't I? Data: see below. File: attached.",
        "mailto:dana@northpier.example or tel:+4930123456",
        "https://northpier.example:8443/path/(with)/brackets.",
        "The null hypothesis: None of them came. I said none, and nothing is undefined here.",
        "The ratio is 10.0.0.1 to one, and version 1.2.3.4 is out",
    ],
)
def test_honest_text_passes(text):
    assert [flaw.said for flaw in flaws("Your message to Pier 7 Marketing", text)] == []


@pytest.mark.parametrize("secret", [AWS, GITHUB, SLACK, GOOGLE, STRIPE, HUBSPOT, JWT, "Password: correct-horse"])
def test_a_secret_is_named_but_not_repeated(secret):
    said = first_flaw("Hello", f"here: {secret} bye").said
    assert secret[:4] in said
    assert secret[:9] not in said


def test_a_secret_comes_before_all_else():
    assert first_flaw("TODO", f"Hi {{{{name}}}}, http://192.0.2.7/ {AWS}").rule == "secrets"


@pytest.mark.parametrize("message", ["", "We want to exhibit, what does it cost?", "Can I speak at your event?"])
def test_our_own_drafts_pass(message):
    voice = Voice(booking_link="https://cal.pier7.example/casey")
    written = answer_inquiry(
        Inquiry(form="contact", name="Dana", company="Northpier", message=message), ("exhibit", "price"), voice
    )
    assert first_flaw(written.subject, written.body) is None


@given(st.text(alphabet="{}[]<>%$*|:/.@-=ax AKIA\n", max_size=300))
def test_no_text_breaks_it(text):
    for flaw in flaws(text, text):
        assert flaw.said


@pytest.mark.parametrize(
    "piece",
    ["{", "{{a", "[a", "<a ", "password ", "https://", "*|A", "%A_", "eyJaaaaaaaaa.", "sk_", "a.", "[your a", "{% a"],
)
def test_a_long_text_of_beginnings_is_read_to_its_end(piece):
    """Where a pattern could match in more than one way, this would not end within the hour."""
    assert len(list(flaws("Hello", piece * (50_000 // len(piece))))) < 50_000
