"""The real Python world: three Kafka libraries under their OpenTelemetry instrumentations.

gateway -> topic -> enricher -> topic -> reporter, a program each, whose spans go straight into
slatrack's receiver. Whatever the library loses on the way, each trade is one journey.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from slatrack.tracking import flows, reading
from slatrack.tracking.models import Journey
from tests.servers.receiver import receiving

pytestmark = pytest.mark.servers
ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".cache" / "world" / "bin" / "python"
TRADES = 10
LIBRARIES = ("confluent-kafka", "kafka-python", "aiokafka")
FLOW = """
flow: trades
event_key: [trade.id, {message_key: "*"}]
steps:
  - {step: received, role: ingress, match: {kind: server, service: gateway}}
  - {step: accepted, match: {kind: producer, service: gateway}, after: [received]}
  - {step: read, match: {service: enricher, name: {pattern: "(process|receive)$"}}, after: [accepted]}
  - {step: enriched, match: {service: enricher, name: enrich}, after: [read]}
  - {step: passed, match: {kind: producer, service: enricher}, after: [enriched]}
  - {step: taken, match: {service: reporter, name: {pattern: "(process|receive)$"}}, after: [passed]}
  - {step: reported, role: sink, match: {service: reporter, name: report}, after: [taken]}
"""  # noqa: E501
STEPS = ["received", "accepted", "read", "enriched", "passed", "taken", "reported"]


@pytest.fixture
def receiver(transactional_db):
    if not PYTHON.exists():
        pytest.skip("no .cache/world: .ci/install makes it")
    flows.save(FLOW, now=datetime.now(UTC))
    with receiving() as address:
        yield address


def run(library, brokers, receiver, *, silent=""):
    """Send all trades through; the service called `silent` passes no context on."""
    topics = [f"{library}.{name}{silent}" for name in ("accepted", "enriched")]
    admin = AdminClient({"bootstrap.servers": brokers})
    for made in admin.create_topics([NewTopic(name, 3, 1) for name in topics]).values():
        made.result(60)
    hops = zip(("gateway", "enricher", "reporter"), ("-", *topics), (*topics, "-"), strict=True)
    for service, source, target in hops:
        environment = {
            **os.environ,
            "OTEL_SERVICE_NAME": service,
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver,
            "OTEL_PROPAGATORS": "none" if service == silent else "tracecontext",
        }
        program = [PYTHON, "-P", ROOT / "tests" / "servers" / "python_hop.py"]
        subprocess.run(
            [*program, library, brokers, source, target, str(TRADES)],
            env=environment, check=True, timeout=200,
        )  # fmt: skip
    now = datetime.now(UTC)
    keys = Journey.objects.values_list("key", flat=True)
    return {key: reading.journey("trades", key, now=now) for key in keys}


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_trade_is_one_whole_journey(library, kafka_brokers, receiver):
    journeys = run(library, kafka_brokers, receiver)

    assert sorted(journeys) == [f"{library}-{number:03d}" for number in range(TRADES)]
    for one in journeys.values():
        assert [step["step"] for step in one["steps"]] == STEPS
        assert (one["status"], one["gaps"]) == ("done", [])
        assert [leg["partial"] for leg in one["legs"]] == [False] * 6


@pytest.mark.parametrize("silent", ["gateway", "enricher"])
@pytest.mark.parametrize("library", ["confluent-kafka", "aiokafka"])
def test_where_context_is_lost_it_is_still_one_journey(library, silent, kafka_brokers, receiver):
    journeys = run(library, kafka_brokers, receiver, silent=silent)

    assert sorted(journeys) == [f"{library}-{number:03d}" for number in range(TRADES)]
    for one in journeys.values():
        assert [step["step"] for step in one["steps"]] == STEPS
        assert (one["status"], one["gaps"]) == ("done", [])
        assert len(one["traces"]) > 1
