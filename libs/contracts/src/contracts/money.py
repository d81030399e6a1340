"""Money: integer minor units and an ISO 4217 code inside, decimal strings outside."""

import re
from functools import cache
from typing import Annotated, Final

from iso4217 import Currency as Iso4217
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

MAX_MINOR_UNITS: Final = 2**53 - 1
"""The largest amount and balance: the last integer that every JSON reader holds exactly."""

_DECIMAL: Final = re.compile(r"(?P<sign>-?)(?P<whole>0|[1-9]\d{0,15})(?:\.(?P<fraction>\d{1,4}))?")


class AmountError(ValueError):
    """The text is not an amount of that currency; the message says why.

    `member` names the member of the request that holds it.
    """

    def __init__(self, message: str, member: str = "amount") -> None:
        super().__init__(message)
        self.member = member


@cache
def scale_of(currency: str) -> int:
    """How many decimals the currency has in ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises AmountError for a code that ISO 4217 doesn't know or that has no minor unit.
    """
    try:
        exponent = Iso4217(currency).exponent
    except ValueError:
        raise AmountError(f"{currency} is not an ISO 4217 currency code") from None
    if exponent is None:
        raise AmountError(f"{currency} has no minor unit")
    return int(exponent)


def to_minor_units(text: str, currency: str) -> int:
    """`"12.5"`, `"EUR"` → `1250`.

    Raises AmountError for anything but plain decimals (no exponent, NaN or plus sign), for more
    decimals than the currency has, and beyond MAX_MINOR_UNITS.
    """
    scale = scale_of(currency)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise AmountError(f"{text!r} is not a decimal amount like '12.50'")
    fraction = match["fraction"] or ""
    if len(fraction) > scale:
        raise AmountError(f"{currency} has {scale} decimals, {text!r} has {len(fraction)}")
    minor = int(match["whole"] + fraction.ljust(scale, "0"))
    if minor > MAX_MINOR_UNITS:
        raise AmountError(f"{text!r} is beyond the largest amount")
    return -minor if match["sign"] else minor


def to_decimal_text(minor_units: int, currency: str) -> str:
    """`1250`, `"EUR"` → `"12.50"`. Raises AmountError for an unknown currency."""
    scale = scale_of(currency)
    if not scale:
        return str(minor_units)
    sign, digits = ("-", -minor_units) if minor_units < 0 else ("", minor_units)
    text = str(digits).rjust(scale + 1, "0")
    return f"{sign}{text[:-scale]}.{text[-scale:]}"


def _known(currency: str) -> str:
    scale_of(currency)
    return currency


CurrencyCode = Annotated[
    str,
    StringConstraints(min_length=3, max_length=3, pattern="^[A-Z]{3}$"),
    AfterValidator(_known),
]
DecimalText = Annotated[
    str, StringConstraints(max_length=24, pattern=r"^-?(0|[1-9]\d{0,15})(\.\d{1,4})?$")
]


def _decimal(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _DECIMAL.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value[:40]!r} is not a decimal amount like '12.50'")
    if match["sign"]:
        raise ValueError(f"{value[:40]!r} is not above zero")
    return value


AmountText = Annotated[
    str,
    StringConstraints(max_length=24, pattern=r"^(0|[1-9]\d{0,15})(\.\d{1,4})?$"),
    BeforeValidator(_decimal),
]
"""An amount as clients send it; whether it is above zero is for the rules to say."""
MinorUnits = Annotated[int, Field(strict=True, gt=0, le=MAX_MINOR_UNITS)]
