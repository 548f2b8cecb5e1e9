"""The gateway: takes orders over HTTP and sends each, as a message of its own, to its topic."""

import asyncio
import json

from slatrack.demo.lines import LINES, Line
from slatrack.demo.messaging import TracedProducer
from slatrack.demo.orders import BadOrderError, Order, check
from slatrack.demo.web import Answer, App, Handler, Scope, answer, routed


def gateway(producer: TracedProducer) -> App:
    """Return the gateway: POST one order, or a JSON list of many."""
    return routed({("POST", line.route): _accepts(line, producer) for line in LINES})


def _accepts(line: Line, producer: TracedProducer) -> Handler:
    async def accept(scope: Scope, body: bytes) -> Answer:
        try:
            orders = _read(line, body)
        except BadOrderError as error:
            return answer(400, {"error": str(error)})
        sent = [_send(line, producer, order) for order in orders]
        await asyncio.gather(*sent)
        return answer(202, {"accepted": [order[line.key] for order in orders]})

    return accept


def _read(line: Line, body: bytes) -> list[Order]:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise BadOrderError(f"the body is not JSON: {error}") from error
    found = document if isinstance(document, list) else [document]
    return [check(line, one) for one in found]


def _send(line: Line, producer: TracedProducer, order: Order) -> asyncio.Future[None]:
    sent = producer.send(
        line.topic("accepted"), str(order[line.key]), json.dumps(order).encode(), order
    )
    return asyncio.wrap_future(sent)
