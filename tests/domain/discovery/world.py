"""Generated worlds: spans of events that go a known way, among spans that are nobody's."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from slatrack.domain.spans import Kind, Link, Span
from tests.spans import span

CONTEXT = ("parent", "link", "message", "none")  # how a consumer knows what it follows


@dataclass(frozen=True)
class World:
    """What is generated. A hop is a topic, who reads it, and what tells whose message it was."""

    key: str = "order.id"
    route: str = "/orders"
    hops: Sequence[tuple[str, str, str]] = (
        ("orders.accepted", "checker", "parent"),
        ("orders.checked", "shipper", "parent"),
    )
    last: str = "orders.shipped"  # topic that nobody reads; empty: none
    events: int = 40
    keyed: frozenset[str] = frozenset(("producer", "consumer"))  # kinds that carry the key
    message_key: bool = False
    skips: float = 0.0  # share of events that leave out the second hop's reader and all behind
    noise: int = 60
    seed: int = 1
    values: dict[str, Sequence[str]] = field(
        default_factory=lambda: {"region": ("north", "south", "east")}
    )

    @property
    def places(self) -> list[tuple[str, str]]:
        """The truth: service and what is done there, of each step in order."""
        found = [("gateway", f"POST {self.route}"), ("gateway", self.hops[0][0])]
        found += [(service, topic) for topic, service, _ in self.hops]
        return found + ([(self.hops[-1][1], self.last)] if self.last else [])

    def spans(self) -> list[Span]:
        """Return all spans, in no order."""
        dice = random.Random(self.seed)
        found = [one for number in range(self.events) for one in self._event(number, dice)]
        found += [one for number in range(self.noise) for one in _noise(number, dice)]
        dice.shuffle(found)
        return found

    def _event(self, number: int, dice: random.Random) -> Iterator[Span]:
        key, at = f"ORD-{number:05d}-{dice.randrange(10**6)}", number * 2.0
        trace, said = f"{self.route} {number}", {n: dice.choice(v) for n, v in self.values.items()}
        route = {"http.route": self.route, "http.request.method": "POST"}
        root = self._span(f"{trace} in", Kind.SERVER, "gateway", at, trace, key, {**said, **route})
        yield root
        before, service = root, "gateway"
        skipped = dice.random() < self.skips
        for hop, (topic, reader, context) in enumerate(self.hops):
            sent = self._sent(before, service, topic, key, at + hop + 0.3, said, number)
            yield sent
            yield _detail(before, f"{trace} db {hop}", service)
            if hop and skipped:
                return
            before, service = self._taken(sent, reader, context, key, at + hop + 0.7, said), reader
            yield before
        if self.last:
            yield self._sent(before, service, self.last, key, at + 9, said, number)

    def _sent(
        self, by: Span, service: str, topic: str, key: str, at: float, said: dict, number: int
    ) -> Span:
        name = f"{by.name} > {topic} {number}"
        made = self._span(name, Kind.PRODUCER, service, at, "", key, said, topic)
        return made._replace(
            trace_id=by.trace_id, parent_id=by.span_id, name=f"send {topic}",
            partition=number % 3, offset=number,
        )  # fmt: skip

    def _taken(
        self, sent: Span, service: str, context: str, key: str, at: float, said: dict
    ) -> Span:
        name = f"{sent.span_id.hex()} {service}"
        made = self._span(name, Kind.CONSUMER, service, at, name, key, said, sent.topic)
        made = made._replace(name=f"process {sent.topic}", operation="process")
        if context == "parent":
            return made._replace(trace_id=sent.trace_id, parent_id=sent.span_id)
        if context == "link":
            return made._replace(links=(Link(sent.trace_id, sent.span_id),))
        if context == "message":
            return made._replace(partition=sent.partition, offset=sent.offset)
        return made

    def _span(
        self, name: str, kind: Kind, service: str, at: float, trace: str, key: str, said: dict,
        topic: str | None = None,
    ) -> Span:  # fmt: skip
        attributes = dict(said)
        if kind.name.lower() in self.keyed:
            attributes[self.key] = key
        if topic and self.message_key:
            attributes["messaging.kafka.message.key"] = key
        return span(name, trace=trace, kind=kind, service=service, at=at, took=0.1, topic=topic,
                    attributes=attributes)  # fmt: skip


def _detail(of: Span, name: str, service: str) -> Span:
    made = span(name, kind=Kind.CLIENT, service=service, took=0.01, span_name="SELECT orders",
                attributes={"db.system": "postgresql"})  # fmt: skip
    return made._replace(
        trace_id=of.trace_id, parent_id=of.span_id, start=of.start + 1, end=of.start + 2
    )


def _noise(number: int, dice: random.Random) -> Iterator[Span]:
    """A health check, a database job, a request that asks, all with random attributes."""
    at, name = dice.uniform(0, 100), f"noise {number} {dice.random()}"
    said = {"request.id": f"{dice.randrange(10**9):09d}", "thread.name": f"worker-{number}"}
    yield span(f"{name} health", trace=f"{name} h", kind=Kind.SERVER, service="gateway", at=at,
               attributes={"http.route": "/healthz", "http.request.method": "GET", **said},
               took=0.001)  # fmt: skip
    yield span(f"{name} job", trace=f"{name} j", service="billing", at=at, attributes=said)
    yield span(f"{name} db", trace=f"{name} j", parent=f"{name} job", kind=Kind.CLIENT, at=at,
               service="billing", attributes={"db.system": "postgresql", **said})  # fmt: skip
