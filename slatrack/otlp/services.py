"""The logical service of a span: the connector, query or job, not the process that hosts many."""

from collections.abc import Iterable, Mapping
from functools import lru_cache, partial

from slatrack.domain.spans import Value
from slatrack.otlp.namings import HOSTS, NAMINGS, Naming, rename
from slatrack.otlp.values import MAX_NAME
from slatrack.otlp.vocabulary import ALWAYS, OLDER, SERVICE, Slot

UNKNOWN = "unknown_service"
TENANT = "slatrack.tenant"  # what a certain naming has found
HOST = "slatrack.host"  # whose thread it is
HINT = "slatrack.hint"  # what a hint has found in an attribute that is not always read
DERIVED = (TENANT, HOST, HINT)
CONNECT_SCOPE = "io.opentelemetry.kafka-connect"

_HINTS = tuple(one for one in NAMINGS if not one.certain and one.source in ALWAYS)
_RARE = tuple(one for one in NAMINGS if not one.certain and one.source not in ALWAYS)
_CONNECT = tuple(one for one in _HINTS if one.system == "Kafka Connect")
_HOSTED = tuple(one for one in NAMINGS if one.host)


def resource_name(resource: Mapping[str, Value]) -> str:
    """Return the service that a resource names; empty where it names none."""
    name = str(resource.get(SERVICE, "")).strip()[:MAX_NAME]
    return "" if name.startswith(UNKNOWN) else name


def logical_service(found: Mapping[str, Value], named: str, scope: str) -> str:
    """Return the service of a span with the attributes `found`, in a resource called `named`."""
    own = found.get(SERVICE)  # written by interceptors that know better than the SDK
    if own is not None and (name := resource_name(found)):
        return name
    tenant = found.get(TENANT)
    if tenant is not None:
        return str(tenant)
    if HOST in found and (job := _apply(_HOSTED, found)):
        return job
    if scope.startswith(CONNECT_SCOPE) and (connector := _apply(_CONNECT, found)):
        return connector
    return named or str(found.get(HINT, "")) or _apply(_HINTS, found) or UNKNOWN


def _apply(namings: Iterable[Naming], found: Mapping[str, Value]) -> str:
    for one in namings:
        value = found.get(one.source)
        if value is not None and (not one.host or one.host == found.get(HOST)):
            service = rename(str(value)[:MAX_NAME], one.pattern, one.name)
            if service:
                return service
    return ""


@lru_cache(maxsize=8)
def derived_slots(own: tuple[Naming, ...] = ()) -> tuple[tuple[str, Slot], ...]:
    """Return how attributes are read for namings: they are looked for where a value is decoded, so
    that a value that repeats is looked at once. `own` are the installation's, which come first."""
    found: list[tuple[str, Slot]] = []
    certain = [one for one in (*own, *NAMINGS) if one.certain and not one.host]
    for rank, one in enumerate(certain):
        found += _slots(TENANT, rank, one.source, one.pattern, one.name)
    for rank, (attribute, pattern, host) in enumerate(HOSTS):
        found += _slots(HOST, rank, attribute, pattern, host)
    for rank, one in enumerate((*(n for n in own if not n.certain), *_RARE)):
        found += _slots(HINT, rank, one.source, one.pattern, one.name)
    return tuple(found)


def _slots(
    what: str, rank: int, attribute: str, pattern: str, name: str
) -> Iterable[tuple[str, Slot]]:
    slot = Slot(what, rank, partial(_named, pattern=pattern, name=name))
    return [(synonym, slot) for synonym in (attribute, *OLDER.get(attribute, ()))]


def _named(value: Value, *, pattern: str, name: str) -> str | None:
    return rename(str(value)[:MAX_NAME], pattern, name)[:MAX_NAME] or None
