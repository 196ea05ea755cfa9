"""Money as whole minor units with its currency; never a float."""

from dataclasses import dataclass
from decimal import Decimal

# Currencies whose minor unit is not a hundredth (ISO 4217), as far as sellers meet them.
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


@dataclass(frozen=True)
class Money:
    amount_minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """From major units, as CRMs write them. ValueError when it is not a finite number."""
        if not amount.is_finite():
            raise ValueError(f"not an amount: {amount}")
        return cls(int((amount.scaleb(_DIGITS.get(currency, 2))).to_integral_value()), currency)

    @property
    def major(self) -> float:
        """In major units, for scoring only."""
        return float(self.amount_minor) / 10.0 ** _DIGITS.get(self.currency, 2)

    def __str__(self) -> str:
        digits = _DIGITS.get(self.currency, 2)
        whole = Decimal(self.amount_minor).scaleb(-digits)
        shown = f"{whole:,.0f}" if whole == whole.to_integral_value() else f"{whole:,.{digits}f}"
        sign = _SIGNS.get(self.currency)
        return f"{sign}{shown}" if sign else f"{shown} {self.currency}"
