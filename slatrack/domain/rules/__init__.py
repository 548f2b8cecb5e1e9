"""Rules: how a deadline is computed, as a document, as a value, and applied to one event."""

from slatrack.domain.rules.answers import Due, State
from slatrack.domain.rules.clock import Clock
from slatrack.domain.rules.errors import RuleError
from slatrack.domain.rules.evaluation import due
from slatrack.domain.rules.kinds import Rule
from slatrack.domain.rules.parsing import parse
from slatrack.domain.rules.starts import start_names, supposed
from slatrack.domain.rules.writing import document

__all__ = [
    "Clock",
    "Due",
    "Rule",
    "RuleError",
    "State",
    "document",
    "due",
    "parse",
    "start_names",
    "supposed",
]
