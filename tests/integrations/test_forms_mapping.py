"""What a form's fields are called: the file as shipped, and each way to get one wrong."""

from decimal import Decimal

import pytest

from core import inquiry
from integrations.forms.mapping import INTERESTS, BadMapping, FormMappings

GOOD = '[forms.contact]\nfields = {email = "email"}\n'


def test_the_shipped_file():
    mappings = FormMappings.load()
    assert mappings.names() == ("contact",)
    contact = mappings.get("contact")
    assert contact is not None
    assert contact.fields == {name: name for name in ("name", "email", "company", "message", "phone", "budget")}
    assert {name: (price.amount, price.currency) for name, price in contact.prices.items()} == {
        "exhibit": (Decimal(18500), "USD"),
        "sponsor": (Decimal(30000), "USD"),
        "attend": (Decimal(900), "USD"),
    }
    assert mappings.get("other") is None


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "forms.toml"
    path.write_text(
        '[forms.fair-2027]\nfields = {email = "E-Mail", message = "Nachricht"}\nowner = "U0CASEY"\ncurrency = "EUR"\n'
        "[forms.fair-2027.prices.exhibit]\namount = 1200.50\n",
        encoding="utf-8",
    )
    mapping = FormMappings.load(path).get("fair-2027")
    assert mapping is not None
    assert (mapping.owner, mapping.currency) == ("U0CASEY", "EUR")
    assert str(mapping.prices["exhibit"].money()) == "€1,200.50"


def test_the_interests_are_those_that_a_message_can_name():
    message = "sponsor, exhibit, speak, attend: what is the price?"
    assert inquiry.interests(message) == INTERESTS


@pytest.mark.parametrize(
    ("text", "key", "mend"),
    [
        ("forms = ", "", "is not TOML"),
        ("", "forms", "write [forms]"),
        ("[forms]", "", "add a section such as [forms.contact]"),
        ("[form.contact]", "form", "known here: forms"),
        ('[forms]\ncontact = "x"', "forms.contact", "write [forms.contact]"),
        ('[forms."a b"]', "forms.a b", "letters, digits"),
        ("[forms.contact]", "forms.contact.fields", "is missing"),
        ("[forms.contact]\nfields = {}", "forms.contact.fields", 'add email = "email"'),
        ('[forms.contact]\nfields = {email = ""}', "forms.contact.fields.email", "name of the form's field"),
        ("[forms.contact]\nfields = {email = 5}", "forms.contact.fields.email", "name of the form's field"),
        ('[forms.contact]\nfields = {email = "e", mail = "e"}', "forms.contact.fields.mail", "is not known"),
        ('[forms.contact]\nfields = {email = "e", name = "e"}', "forms.contact.fields", "give each its own"),
        (f'{GOOD}owner = "casey"', "forms.contact.owner", "Slack user id"),
        (f"{GOOD}owner = 5", "forms.contact.owner", "Slack user id"),
        (f'{GOOD}currency = "usd"', "forms.contact.currency", "three capital letters"),
        (f"{GOOD}consent = true", "forms.contact.consent", "write [forms.contact.consent]"),
        (f'{GOOD}consent = {{field = "news"}}', "forms.contact.consent", "what people agree to"),
        (f'{GOOD}consent = {{field = "news", wording = " "}}', "forms.contact.consent", "what people agree to"),
        (f'{GOOD}consent = {{field = "", wording = "Yes"}}', "forms.contact.consent", "the form's own name"),
        (f'{GOOD}consent = {{field = "email", wording = "Yes"}}', "forms.contact.consent.field", "stands alone"),
        (f'{GOOD}consent = {{field = "news", wording = "Yes", by = 1}}', "forms.contact.consent.by", "is not known"),
        (f"{GOOD}price = 5", "forms.contact.price", "is not known"),
        (f"{GOOD}prices = 5", "forms.contact.prices", "write [forms.contact.prices]"),
        (f"{GOOD}[forms.contact.prices.exibit]\namount = 5", "forms.contact.prices.exibit", "is not known"),
        (f"{GOOD}[forms.contact.prices.speak]\namount = 0", "forms.contact.prices.speak.amount", "above 0"),
        (f"{GOOD}[forms.contact.prices.speak]\namount = -5", "forms.contact.prices.speak.amount", "above 0"),
        (f"{GOOD}[forms.contact.prices.speak]\namount = nan", "forms.contact.prices.speak.amount", "above 0"),
        (f"{GOOD}[forms.contact.prices.speak]\namount = inf", "forms.contact.prices.speak.amount", "above 0"),
        (f"{GOOD}[forms.contact.prices.speak]\namount = true", "forms.contact.prices.speak.amount", "above 0"),
        (f'{GOOD}[forms.contact.prices.speak]\namount = "5"', "forms.contact.prices.speak.amount", "above 0"),
        (f"{GOOD}[forms.contact.prices.speak]\nvalue = 5", "forms.contact.prices.speak.value", "is not known"),
        (f"{GOOD}[forms.contact.prices.speak]", "forms.contact.prices.speak.amount", "above 0"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_mending(tmp_path, text, key, mend):
    path = tmp_path / "forms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadMapping) as raised:
        FormMappings.load(path)
    assert str(raised.value).startswith(f"{path}: {key}")
    assert mend in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadMapping, match="CASEYOS_FORMS_FILE"):
        FormMappings.load(tmp_path / "missing.toml")
    path = tmp_path / "forms.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(BadMapping, match="UTF-8"):
        FormMappings.load(path)
