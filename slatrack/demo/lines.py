"""The lines of the demo: in what its three kinds of events differ."""

from dataclasses import dataclass

STAGES = ("accepted", "validated", "enriched", "routed", "acknowledged", "dead-letters")


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of event: where it comes in, its key, its topics, who delivers it and to whom."""

    flow: str
    route: str  # of the gateway
    key: str  # the field, and the span attribute, that names an event
    prefix: str  # of its topics
    sink: str  # service that delivers
    tasks: int  # how many of its tasks share the partitions
    authority: str  # service that acknowledges
    address: str  # path at the authority

    def topic(self, stage: str) -> str:
        """Return the topic that events stand in after `stage`."""
        return f"{self.prefix}.{stage}"

    @property
    def topics(self) -> tuple[str, ...]:
        """All topics of the line."""
        return tuple(self.topic(stage) for stage in STAGES)


TRADES = Line(
    flow="trade-reporting",
    route="/trades",
    key="trade.id",
    prefix="trades",
    sink="regulator-sink",
    tasks=3,
    authority="regulator",
    address="/reports/trades",
)
PAYMENTS = Line(
    flow="instant-payments",
    route="/payments",
    key="payment.id",
    prefix="payments",
    sink="clearing-sink",
    tasks=1,
    authority="clearing",
    address="/settlements",
)
REPORTS = Line(
    flow="batch-reports",
    route="/trades/batch",
    key="report.id",
    prefix="reports",
    sink="repository-sink",
    tasks=1,
    authority="regulator",
    address="/reports/batch",
)
LINES = (TRADES, PAYMENTS, REPORTS)


def line_of(topic: str) -> Line:
    """Return the line whose topic this is; KeyError if it is none of them."""
    return {line.prefix: line for line in LINES}[topic.partition(".")[0]]
