"""Severity of a log record: OTLP's 24 numbers are six words, four steps each."""

from enum import StrEnum


class Severity(StrEnum):
    """The six words, from least to worst."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"


NAMES = tuple(one.name for one in Severity)
WORDS = tuple(one.value for one in Severity)
STEPS = 4  # numbers a word
SYNONYMS = {
    "finest": "trace", "finer": "debug", "fine": "debug", "config": "debug", "notice": "info",
    "information": "info", "informational": "info", "warning": "warn", "err": "error",
    "severe": "error", "critical": "fatal", "crit": "fatal", "alert": "fatal", "emerg": "fatal",
    "panic": "fatal",
}  # fmt: skip


def word(number: int, text: str = "") -> str:
    """Return the word for a severity number; without one, what the text says; else nothing."""
    if 1 <= number <= STEPS * len(WORDS):
        return WORDS[(number - 1) // STEPS]
    said = text.strip().lower().rstrip("0123456789")
    return said if said in WORDS else SYNONYMS.get(said, "")


def at_least(least: str) -> frozenset[str]:
    """Return the words for severities from `least` on; all, and no word at all, for ""."""
    if least not in WORDS:
        return frozenset((*WORDS, ""))
    return frozenset(WORDS[WORDS.index(least) :])
