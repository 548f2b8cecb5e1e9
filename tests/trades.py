"""The flow that most tests use, and the spans of one trade through it."""

from typing import Any

from slatrack.domain.flows import Flow
from slatrack.domain.spans import Kind, Span
from slatrack.tracking import documents
from tests.spans import span

DOCUMENT = """\
flow: trade-reporting
title: Equity trade reports
event_key: [trade.id]
attributes: [asset.class]
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, topic: trades.accepted}, after: [received]}
  - {step: enriched, match: {service: enricher, kind: consumer}, after: [accepted]}
  - {step: reported, role: sink, match: {service: regulator-sink}, after: [enriched]}
deadlines:
  - deadline: report within 15 minutes
    rule: {kind: duration, from: ingress, amount: PT15M, warn: [{fraction: 0.5}, {before: PT3M}]}
    until: reported
    severity: critical
"""


def trade_flow(document: str = DOCUMENT) -> Flow:
    return documents.flows(document)[0][0]


def received(key: str | None = None, **fields: Any) -> Span:
    return _trade("received", key, kind=Kind.SERVER, service="gateway", **fields)


def accepted(key: str | None = None, **fields: Any) -> Span:
    fields = {"parent": "received", "at": 0.5, **fields}
    return _trade(
        "accepted", key, kind=Kind.PRODUCER, service="gateway", topic="trades.accepted", **fields
    )


def enriched(key: str | None = None, **fields: Any) -> Span:
    fields = {"parent": "accepted", "at": 10, **fields}
    return _trade(
        "enriched", key, kind=Kind.CONSUMER, service="enricher", topic="trades.accepted", **fields
    )


def reported(key: str | None = None, **fields: Any) -> Span:
    fields = {"parent": "enriched", "at": 20, **fields}
    return _trade("reported", key, kind=Kind.CLIENT, service="regulator-sink", **fields)


def trade(key: str = "T1", **fields: Any) -> list[Span]:
    """Return the four spans of one trade in one trace, named after its key."""
    fields = {"trace": key, **fields}
    return [
        received(name=f"{key}-received", **fields),
        accepted(key, name=f"{key}-accepted", parent=f"{key}-received", **fields),
        enriched(key, name=f"{key}-enriched", parent=f"{key}-accepted", **fields),
        reported(key, name=f"{key}-reported", parent=f"{key}-enriched", **fields),
    ]


def _trade(step: str, key: str | None, *, name: str = "", **fields: Any) -> Span:
    attributes = {**({"trade.id": key} if key else {}), **fields.pop("attributes", {})}
    return span(name or step, attributes=attributes, **fields)
