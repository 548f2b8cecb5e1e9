"""How fast a span is seen and silence is told: `python -m tests.browser.measure_live`.

Starts slatrack (`manage.py up`, on the servers named in the environment, else embedded), sends a
steady stream of spans through Kafka, opens the live board in Chromium, and measures
- from producing a probe's span to its row in the page, and
- from the due time of an event that stays silent to its row in the lane of missed ones.
Prints JSON. Chromium and slatrack share this machine's clock.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from slatrack.bench.load import DOCUMENTS, Load
from tests.servers import chromium, kafka

PORT = 18790
FLOW = """
flow: probes
event_key: [probe.id]
steps:
  - {step: received, role: ingress, match: {service: prober, kind: server}}
  - {step: reported, role: sink, match: {service: prober, kind: client}, after: [received]}
deadlines:
  - deadline: report within 5 seconds
    rule: {kind: duration, from: ingress, amount: PT5S, warn: [{before: PT2S}]}
    until: reported
    severity: critical
"""
WATCH = """() => {
  window.seen = {};
  const look = () => document.querySelectorAll('[data-row]').forEach(row => {
    const key = row.querySelector('.key')?.textContent.trim();
    if (!key?.startsWith('PROBE')) return;
    const at = performance.timeOrigin + performance.now();
    const seen = (window.seen[key] ??= {first: at});
    if (!seen.missed && row.className.includes('missed')) seen.missed = at;
  });
  const all = {subtree: true, childList: true, attributes: true};
  new MutationObserver(look).observe(document.body, all);
  look();
}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rate", type=int, default=1000, help="spans a second beside the probes")
    options.add_argument("--probes", type=int, default=60)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with kafka.real(folder) as brokers, slatrack(brokers, folder / "data"):
            figures = measure(brokers, chosen.rate, chosen.probes)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


@contextmanager
def slatrack(brokers: str, data: Path) -> Iterator[None]:
    data.mkdir(parents=True)
    environment = {
        **os.environ,
        "SLATRACK_KAFKA_BROKERS": brokers,
        "SLATRACK_DATA_DIR": str(data),
        "SLATRACK_HTTP_PORT": str(PORT),
        "SLATRACK_GRPC_PORT": str(PORT + 1),
        "DJANGO_SETTINGS_MODULE": "slatrack.settings",
        "DJANGO_SUPERUSER_PASSWORD": "measure-only-1",
    }

    def manage(*arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], env=environment, check=True)

    manage("migrate", "--verbosity", "0")
    manage("createsuperuser", "--noinput", "--username", "probe", "--email", "p@example.org")
    (data / "flows.yaml").write_text(f"{FLOW}---\n{DOCUMENTS}")
    manage("load_flow", str(data / "flows.yaml"))
    process = subprocess.Popen([sys.executable, "manage.py", "up"], env=environment)
    try:
        wait_for_page()
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def wait_for_page() -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("slatrack did not start")


def measure(brokers: str, rate: int, probes: int) -> dict[str, object]:
    stop = threading.Event()
    sender = threading.Thread(target=send_load, args=(brokers, rate, stop))
    with chromium.real() as browser:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{PORT}/accounts/sign-in")
        page.fill("input[name=username]", "probe")
        page.fill("input[name=password]", "measure-only-1")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.goto(f"http://127.0.0.1:{PORT}/?flow=probes")
        page.wait_for_timeout(1000)
        page.evaluate(WATCH)
        sender.start()
        time.sleep(5)
        sent = {}
        producer = Producer({"bootstrap.servers": brokers, "linger.ms": 0})
        for number in range(probes):
            sent[f"PROBE-{number:03d}"] = send_probe(producer, f"PROBE-{number:03d}")
            page.wait_for_timeout(250)
        page.wait_for_timeout(8000)
        seen = page.evaluate("() => window.seen")
    stop.set()
    sender.join()
    visible = [seen[key]["first"] - at for key, at in sent.items() if key in seen]
    told = [seen[k]["missed"] - at - 5000 for k, at in sent.items() if "missed" in seen.get(k, {})]
    return {
        "spans_per_second": rate,
        "probes": probes,
        "visible_ms": summary(visible),
        "silence_told_ms": summary(told),
    }


def send_probe(producer: Producer, key: str) -> float:
    now = time.time_ns()
    group = ResourceSpans()
    group.resource.attributes.append(
        KeyValue(key="service.name", value=AnyValue(string_value="prober"))
    )
    span = Span(
        trace_id=os.urandom(16), span_id=os.urandom(8), name="POST /probes",
        kind=Span.SPAN_KIND_SERVER, start_time_unix_nano=now, end_time_unix_nano=now,
        attributes=[KeyValue(key="probe.id", value=AnyValue(string_value=key))],
    )  # fmt: skip
    group.scope_spans.add().spans.append(span)
    producer.produce("otlp_spans", TracesData(resource_spans=[group]).SerializeToString())
    producer.flush(5)
    return now / 1e6


def send_load(brokers: str, rate: int, stop: threading.Event) -> None:
    producer = Producer({"bootstrap.servers": brokers, "linger.ms": 5})
    begin, sent = time.monotonic(), 0
    for record in Load(rate * 60, start=time.time_ns()).records():
        producer.produce("otlp_spans", record)
        producer.poll(0)
        sent += 100
        if stop.wait(max(0.0, begin + sent / rate - time.monotonic())):
            break
    producer.flush(5)


def summary(milliseconds: list[float]) -> dict[str, float]:
    if len(milliseconds) < 2:
        return {"n": len(milliseconds)}
    cuts = statistics.quantiles(milliseconds, n=100)
    return {
        "n": len(milliseconds),
        "p50": round(cuts[49]),
        "p95": round(cuts[94]),
        "max": round(max(milliseconds)),
    }


if __name__ == "__main__":
    main()
