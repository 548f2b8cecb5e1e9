"""Topics that platforms make for themselves: part of the way, folded away unless asked for."""

import re
from functools import lru_cache

# What it is, and its name as a whole. Suffixes and prefixes are the software's own; docs/ingest.md
# says of whom.
INTERNAL = (
    ("Kafka", r"__.+"),
    ("Kafka Streams changelog", r".+-changelog"),
    ("Kafka Streams repartition", r".+-repartition"),
    ("Kafka Streams join", r".+-(?i:subscription-(?:registration|response))-\d+-topic"),
    ("Kafka Connect", r"_?connect-(?:.+-)?(?:configs?|offsets?|status)"),
    ("MirrorMaker 2", r"mm2-(?:offset-syncs|offsets|status|configs)\..+\.internal"),
    ("MirrorMaker 2", r"(?:.+\.)?(?:heartbeats|checkpoints\.internal)"),
    ("ksqlDB", r".*ksql_processing_log"),
    ("Confluent", r"_confluent.+"),
    ("Confluent", r"_schemas?(?:_encoders)?"),
)
_ANY = re.compile("|".join(f"({pattern})" for _, pattern in INTERNAL), re.DOTALL)


@lru_cache(maxsize=10_000)
def internal(topic: str) -> str:
    """Return what a topic is to the platform that made it; empty where people made it."""
    match = _ANY.fullmatch(topic)
    return INTERNAL[match.lastindex - 1][0] if match and match.lastindex else ""
