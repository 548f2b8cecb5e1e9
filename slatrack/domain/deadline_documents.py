"""Deadline documents: from one entry of a flow's deadlines to a DeadlineSpec."""

from collections.abc import Mapping, Sequence

from slatrack.domain.document_fields import Fields, Path, unknown
from slatrack.domain.families import CHILDREN
from slatrack.domain.flows import DeadlineSpec, Role, Step
from slatrack.domain.forecasts.forecast import THRESHOLD
from slatrack.domain.rules import RuleError, parse, start_names

DEADLINE_FIELDS = ("deadline", "rule", "until", "when", "severity", "grace", "at_risk")
SEVERITIES = ("info", "warning", "critical")


class DeadlineReader(Fields):
    """Reads the deadlines of a flow that has certain steps."""

    def __init__(self, steps: Sequence[Step], *, children: bool = False) -> None:
        super().__init__()
        self.steps = steps
        self.names = {step.name for step in steps}
        self.ends = self.names | ({CHILDREN} if children else set())

    def deadlines(self, value: object) -> tuple[DeadlineSpec, ...]:
        entries = self.entries(value, "deadlines", "")
        specs = [self.deadline(entry, ("deadlines", n)) for n, entry in enumerate(entries)]
        found = [spec for spec in specs if spec is not None]
        self.unique([spec.name for spec in found], "deadlines", "deadline")
        return tuple(found)

    def deadline(self, value: object, path: Path) -> DeadlineSpec | None:
        entry = self.mapping(value, path, DEADLINE_FIELDS)
        until = self.text(entry, "until", path)
        if until and until not in self.ends:
            self.problem((*path, "until"), unknown("step", until, self.ends))
        try:
            rule = parse(entry.get("rule"), path=(*path, "rule"))
        except RuleError as exc:
            self.problem(exc.path, exc.reason)
            return None
        self._check_starts(start_names(rule), (*path, "rule"))
        grace = entry.get("grace")
        return DeadlineSpec(
            name=self.text(entry, "deadline", path),
            rule=rule,
            until=until,
            when=self._when(entry.get("when", {}), (*path, "when")),
            severity=self.choice(entry, "severity", path, SEVERITIES, "warning"),
            grace=None if grace is None else self.duration(grace, (*path, "grace")),
            at_risk=self._at_risk(entry.get("at_risk", THRESHOLD), (*path, "at_risk")),
        )

    def _at_risk(self, value: object, path: Path) -> float | None:
        if value is False or value == "off":
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1:
            return float(value)
        self.problem(path, "must be a probability between 0 and 1, e.g. 0.5, or off")
        return THRESHOLD

    def _check_starts(self, starts: frozenset[str], path: Path) -> None:
        if "ingress" in starts and not any(step.role is Role.INGRESS for step in self.steps):
            self.problem(
                path, "counts from ingress, but no step has role: ingress: give one that role"
            )
        for start in sorted(starts):
            if start.startswith("step:") and start[5:] not in self.names:
                self.problem(path, unknown("step", start[5:], self.names))

    def _when(self, value: object, path: Path) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, Mapping):
            self.problem(
                path, "must be a mapping of attribute to values, e.g. {asset.class: [equity]}"
            )
            return {}
        return {str(name): self._values(allowed, (*path, name)) for name, allowed in value.items()}

    def _values(self, value: object, path: Path) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values or any(isinstance(v, list | Mapping) or v is None for v in values):
            self.problem(path, "must be a value or a list of values")
            return ()
        return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)
