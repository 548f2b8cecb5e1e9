import random

import pytest

from slatrack.demo.lines import LINES, PAYMENTS, TRADES, line_of
from slatrack.demo.orders import BadOrderError, check, make


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.flow)
def test_orders_that_are_made_are_accepted(line):
    dice = random.Random(7)
    orders = [make(line, dice) for _ in range(50)]
    assert [check(line, order) for order in orders] == orders
    assert len({order[line.key] for order in orders}) == 50


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "a JSON object with trade.id, not list"),
        ({}, "trade.id is missing"),
        ({"trade.id": ""}, "trade.id is missing"),
        ({"trade.id": 7}, "trade.id is missing"),
        ({"trade.id": "T-1", "venue": None}, "venue must be text or a number, not NoneType"),
        ({"trade.id": "T-1", "price": True}, "price must be text or a number, not bool"),
        ({"trade.id": "T" * 101}, "trade.id is longer than 100"),
    ],
)
def test_a_bad_order_is_refused_with_the_field(document, reason):
    with pytest.raises(BadOrderError, match=reason):
        check(TRADES, document)


def test_a_topic_belongs_to_one_line():
    for line in LINES:
        assert {line_of(topic) for topic in line.topics} == {line}
    with pytest.raises(KeyError):
        line_of("otlp_spans")


def test_a_payment_has_no_venue():
    assert "venue" not in make(PAYMENTS, random.Random(1))
