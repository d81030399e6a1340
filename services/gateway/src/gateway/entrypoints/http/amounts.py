"""From what clients write to minor units. An AmountError names the member that is wrong."""

from contracts.ledger_bodies import CaptureRequest
from contracts.money import AmountError, to_minor_units


def positive_minor_units(amount: str, currency: str, *, member: str = "amount") -> int:
    """Raises AmountError, naming the member, for what isn't an amount above zero."""
    minor = minor_units(amount, currency, member=member)
    if minor <= 0:
        raise AmountError(f"{member} must be above zero", member)
    return minor


def minor_units(amount: str, currency: str, *, member: str) -> int:
    """Of any amount, also a negative one. Raises AmountError, naming the member."""
    try:
        return to_minor_units(amount, currency)
    except AmountError as error:
        raise AmountError(str(error), member) from None


def part_of(body: CaptureRequest) -> int | None:
    """How much is meant, or None for all of it."""
    if body.amount is None or body.currency is None:
        return None
    return positive_minor_units(body.amount, body.currency)
