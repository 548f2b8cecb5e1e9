"""The orders that the demo's customers place: made up here, checked here."""

import random
import secrets
from collections.abc import Mapping

from slatrack.demo.lines import PAYMENTS, Line

Order = dict[str, str | int | float]

VENUES = ("XLON", "XNYS", "XETR", "XPAR", "XTKS", "XHKG")
ASSETS = ("equity", "equity", "equity", "bond", "derivative")
COUNTERPARTIES = ("ALDGATE", "BRIDGEWELL", "CORNHILL", "DOWGATE", "EASTCHEAP", "FINSBURY")
CURRENCIES = ("EUR", "EUR", "GBP", "SEK")
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
MAX_TEXT = 100


class BadOrderError(ValueError):
    """An order that cannot be accepted: says which field, why, and what to do."""


def make(line: Line, dice: random.Random) -> Order:
    """Return a fresh order of this line."""
    return _payment(line, dice) if line is PAYMENTS else _trade(line, dice)


def check(line: Line, document: object) -> Order:
    """Return the order that a client sent; BadOrderError if it is none."""
    if not isinstance(document, Mapping):
        raise BadOrderError(
            f"an order is a JSON object with {line.key}, not {type(document).__name__}"
        )
    order = {str(name): _checked(name, value) for name, value in document.items()}
    if not isinstance(order.get(line.key), str) or not order[line.key]:
        raise BadOrderError(f'{line.key} is missing: add it as text, such as "{new_key(line)}"')
    return order


def new_key(line: Line) -> str:
    """Return an event key that was never used before."""
    start = line.key.partition(".")[0][0].upper()
    return start + "-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


def _checked(name: object, value: object) -> str | int | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadOrderError(f"{name} must be text or a number, not {type(value).__name__}")
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise BadOrderError(f"{name} is longer than {MAX_TEXT} characters: shorten it")
    return value


def _trade(line: Line, dice: random.Random) -> Order:
    return {
        line.key: new_key(line),
        "asset.class": dice.choice(ASSETS),
        "venue": dice.choice(VENUES),
        "counterparty": dice.choice(COUNTERPARTIES),
        "quantity": dice.randrange(100, 10_000, 100),
        "price": round(dice.lognormvariate(4.5, 0.5), 2),
    }


def _payment(line: Line, dice: random.Random) -> Order:
    return {
        line.key: new_key(line),
        "counterparty": dice.choice(COUNTERPARTIES),
        "currency": dice.choice(CURRENCIES),
        "amount": round(dice.lognormvariate(5, 1), 2),
    }
