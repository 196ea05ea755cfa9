"""Money: whole minor units of its currency, shown as people write it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import Money


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "shown"),
    [
        ("20000", "USD", 2_000_000, "$20,000"),
        ("1234.5", "EUR", 123_450, "€1,234.50"),
        ("0.01", "GBP", 1, "£0.01"),
        ("0", "USD", 0, "$0"),
        ("5000", "JPY", 5_000, "5,000 JPY"),
        ("1.234", "KWD", 1_234, "1.234 KWD"),
        ("99.90", "CHF", 9_990, "99.90 CHF"),
    ],
)
def test_amounts_are_kept_in_the_minor_unit_of_their_currency(amount, currency, minor, shown):
    money = Money.of(Decimal(amount), currency)
    assert (money.amount_minor, str(money)) == (minor, shown)
    assert money.major == pytest.approx(float(amount))


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValueError, match="not an amount"):
        Money.of(Decimal(amount), "USD")


@given(st.integers(0, 10**15), st.sampled_from(["USD", "JPY", "KWD", "EUR"]))
def test_what_was_minor_stays_the_same_through_major_units(minor, currency):
    digits = {"JPY": 0, "KWD": 3}.get(currency, 2)
    assert Money.of(Decimal(minor).scaleb(-digits), currency) == Money(minor, currency)
