"""Messaging operations: what every instrumentation's word means."""

OPERATIONS = {
    "create": "create",
    **dict.fromkeys(("send", "publish", "produce"), "send"),
    **dict.fromkeys(("receive", "recv", "poll"), "receive"),
    **dict.fromkeys(("process", "deliver", "consume"), "process"),
    **dict.fromkeys(("settle", "commit", "ack", "nack"), "settle"),
}


def operation_type(word: str) -> str:
    """Return the type of an operation; a word that nobody knows stays as it is."""
    text = word.strip().lower()
    return OPERATIONS.get(text, text)


def operation_in(name: str) -> str | None:
    """Return the type of operation that a span's name speaks of, e.g. "orders receive"."""
    found = [OPERATIONS[word] for word in name.lower().split() if word in OPERATIONS]
    return found[0] if len(found) == 1 else None
