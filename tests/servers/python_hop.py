"""One service of the Python world, a program of its own: reads trades, works, passes them on.

`python_hop.py LIBRARY BROKERS FROM TO COUNT`; `-` for FROM makes the trades, for TO ends their way.
Spans go where OTEL_EXPORTER_OTLP_ENDPOINT says. It runs in .cache/world (requirements/world.lock)
and knows nothing of slatrack.
"""

import asyncio
import sys
from collections.abc import Iterator

import confluent_kafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaConsumer, KafkaProducer
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.aiokafka import AIOKafkaInstrumentor
from opentelemetry.instrumentation.confluent_kafka import ConfluentKafkaInstrumentor
from opentelemetry.instrumentation.kafka import KafkaInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind

LIBRARY, BROKERS, SOURCE, TARGET, COUNT = sys.argv[1:6]
GROUP = f"{LIBRARY}-{SOURCE}"
PATIENCE = 60  # seconds
tracer = trace.get_tracer("trades")


def trades() -> Iterator[str]:
    for number in range(int(COUNT)):
        yield f"{LIBRARY}-{number:03d}"


def handling(trade: str) -> trace.Span:
    """Return the span of this service's own work."""
    name, kind = ("enrich", SpanKind.INTERNAL)
    if SOURCE == "-":
        name, kind = ("POST /trades", SpanKind.SERVER)
    if TARGET == "-":
        name, kind = ("report", SpanKind.CLIENT)
    return tracer.start_as_current_span(name, kind=kind, attributes={"trade.id": trade})


def confluent() -> None:
    ConfluentKafkaInstrumentor().instrument()  # puts its own classes into the module
    producer = confluent_kafka.Producer({"bootstrap.servers": BROKERS})
    for trade in trades() if SOURCE == "-" else _confluent_trades():
        with handling(trade):
            if TARGET != "-":
                producer.produce(TARGET, trade.encode(), trade.encode())
    producer.flush(PATIENCE)


def _confluent_trades() -> Iterator[str]:
    settings = {"bootstrap.servers": BROKERS, "group.id": GROUP, "auto.offset.reset": "earliest"}
    consumer = confluent_kafka.Consumer(settings)
    consumer.subscribe([SOURCE])
    for _ in trades():
        message = None
        while message is None or message.error():
            message = consumer.poll(PATIENCE)
        yield message.value().decode()
    consumer.close()


def kafka_python() -> None:
    KafkaInstrumentor().instrument()
    producer = KafkaProducer(bootstrap_servers=BROKERS)
    for trade in trades() if SOURCE == "-" else _kafka_python_trades():
        with handling(trade):
            if TARGET != "-":
                producer.send(TARGET, value=trade.encode(), key=trade.encode())
    producer.flush(PATIENCE)


def _kafka_python_trades() -> Iterator[str]:
    where = {"bootstrap_servers": BROKERS, "group_id": GROUP, "auto_offset_reset": "earliest"}
    consumer = KafkaConsumer(SOURCE, **where)
    for _ in trades():
        yield next(consumer).value.decode()
    consumer.close()


async def aio() -> None:
    AIOKafkaInstrumentor().instrument()
    producer = AIOKafkaProducer(bootstrap_servers=BROKERS)
    where = {"bootstrap_servers": BROKERS, "group_id": GROUP, "auto_offset_reset": "earliest"}
    consumer = AIOKafkaConsumer(SOURCE, **where) if SOURCE != "-" else None
    await producer.start()
    if consumer:
        await consumer.start()
    for made in trades():
        trade = (await consumer.getone()).value.decode() if consumer else made
        with handling(trade):
            if TARGET != "-":
                await producer.send_and_wait(TARGET, trade.encode(), key=trade.encode())
    await producer.stop()
    if consumer:
        await consumer.stop()


if __name__ == "__main__":
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    if LIBRARY == "aiokafka":
        asyncio.run(aio())
    else:
        {"confluent-kafka": confluent, "kafka-python": kafka_python}[LIBRARY]()
    provider.shutdown()
