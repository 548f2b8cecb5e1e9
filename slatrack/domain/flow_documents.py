"""Flow documents: from a plain document to a flow, or to all that is wrong with it.

Every problem names its place as a path into the document, so that whoever read the text can say
the line.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from slatrack.domain.durations import parse_duration
from slatrack.domain.flows import DeadlineSpec, Flow, KeyKind, KeySource, Role, Step
from slatrack.domain.match_documents import compiled_match
from slatrack.domain.matches import Compile
from slatrack.domain.rules import RuleError, parse, start_names

Path = tuple[str | int, ...]

FLOW_FIELDS = ("flow", "title", "event_key", "steps", "deadlines", "attributes", "lost_after")
STEP_FIELDS = ("step", "role", "match", "after", "optional", "times", "event_key")
DEADLINE_FIELDS = ("deadline", "rule", "until", "when", "severity", "grace")
SEVERITIES = ("info", "warning", "critical")
MAX_TIMES = 1_000_000


class Problem(NamedTuple):
    """One thing that is wrong, where, and what to do."""

    path: Path
    reason: str


class FlowInvalid(ValueError):
    """The document is not a flow; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(p.reason for p in problems))
        self.problems = tuple(problems)


def read(document: object, *, compile_pattern: Compile) -> Flow:
    """Return the flow that `document` describes; FlowInvalid with all its problems otherwise."""
    return _Reader(compile_pattern).flow(document)


def read_deadline(
    document: object, steps: Sequence[Step], *, compile_pattern: Compile
) -> DeadlineSpec:
    """Return the deadline of one entry of a flow that has `steps`; FlowInvalid otherwise.

    An older version may name steps that the flow has no longer: they are never reached.
    """
    reader = _Reader(compile_pattern)
    spec = reader.deadline(document, (), steps)
    if spec is None:
        raise FlowInvalid(reader.problems)
    return spec


class _Reader:
    def __init__(self, compile_pattern: Compile) -> None:
        self.compile = compile_pattern
        self.problems: list[Problem] = []

    def problem(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(path, reason))

    def flow(self, document: object) -> Flow:
        top = self.mapping(document, (), FLOW_FIELDS)
        name = self.text(top, "flow", ())
        if name and not (len(name) <= 100 and name.replace("-", "").replace("_", "").isalnum()):
            self.problem(("flow",), f"{name!r}: use letters, digits, - and _ only, 100 at most")
        steps = self.steps(top.get("steps"))
        flow = Flow(
            name=name,
            title=self.text(top, "title", (), default=name),
            event_key=self.event_key(top.get("event_key"), ("event_key",), required=True),
            steps=steps,
            deadlines=self.deadlines(top.get("deadlines", []), steps),
            attributes=self.texts(top.get("attributes", []), ("attributes",)),
            lost_after=self.duration(top.get("lost_after", "PT24H"), ("lost_after",)),
        )
        if self.problems:
            raise FlowInvalid(self.problems)
        return flow

    def steps(self, value: object) -> tuple[Step, ...]:
        entries = self.entries(value, "steps", "a flow needs at least one step")
        steps = [self.step(entry, ("steps", number)) for number, entry in enumerate(entries)]
        self._unique([s.name for s in steps], "steps", "step")
        names = {step.name for step in steps}
        for number, step in enumerate(steps):
            for name in step.after:
                if name not in names:
                    self.problem(("steps", number, "after"), unknown("step", name, names))
        self._no_ring(steps)
        return tuple(steps)

    def step(self, value: object, path: Path) -> Step:
        entry = self.mapping(value, path, STEP_FIELDS)
        key = entry.get("event_key")
        return Step(
            name=self.text(entry, "step", path),
            role=Role(self.choice(entry, "role", path, [r.value for r in Role], "processing")),
            match=compiled_match(
                entry.get("match"), (*path, "match"), self.problem, compile_pattern=self.compile
            ),
            after=self.texts(entry.get("after", []), (*path, "after")),
            required=not self.truth(entry, "optional", path),
            times=self.times(entry, path),
            event_key=self.event_key(key, (*path, "event_key")) if key is not None else (),
        )

    def _unique(self, names: Sequence[str], field: str, word: str) -> None:
        for number, name in enumerate(names):
            if name and name in names[:number]:
                self.problem((field, number, word), f"{name!r} is there twice: rename one")

    def _no_ring(self, steps: Sequence[Step]) -> None:
        after = {step.name: set(step.after) for step in steps}
        while free := [name for name, before in after.items() if not before & after.keys()]:
            for name in free:
                del after[name]
        for number, step in enumerate(steps):
            if step.name in after:
                reason = f"{step.name!r} comes after itself, through {', '.join(sorted(after))}"
                self.problem(("steps", number, "after"), reason)

    def event_key(
        self, value: object, path: Path, *, required: bool = False
    ) -> tuple[KeySource, ...]:
        entries = value if isinstance(value, list) else [value] if value is not None else []
        if required and not entries:
            self.problem(path, "say where the event key is found, e.g. event_key: [trade.id]")
        sources = [self.key_source(entry, (*path, n)) for n, entry in enumerate(entries)]
        return tuple(source for source in sources if source is not None)

    def key_source(self, value: object, path: Path) -> KeySource | None:
        if isinstance(value, str) and value:
            return KeySource(KeyKind.ATTRIBUTE, value)
        if isinstance(value, Mapping) and len(value) == 1:
            [(kind, name)] = value.items()
            if kind == "trace" and name is True:
                return KeySource(KeyKind.TRACE)
            if kind in ("message_key", "header", "message") and isinstance(name, str) and name:
                return KeySource(KeyKind(kind), name)
        self.problem(
            path,
            "use an attribute name, {message_key: topic}, {header: name}, {message: topic}"
            " or {trace: true}",
        )
        return None

    def deadlines(self, value: object, steps: Sequence[Step]) -> tuple[DeadlineSpec, ...]:
        entries = self.entries(value, "deadlines", "")
        specs = [self.deadline(entry, ("deadlines", n), steps) for n, entry in enumerate(entries)]
        found = [spec for spec in specs if spec is not None]
        self._unique([spec.name for spec in found], "deadlines", "deadline")
        return tuple(found)

    def deadline(self, value: object, path: Path, steps: Sequence[Step]) -> DeadlineSpec | None:
        entry = self.mapping(value, path, DEADLINE_FIELDS)
        names = {step.name for step in steps}
        until = self.text(entry, "until", path)
        if until and until not in names:
            self.problem((*path, "until"), unknown("step", until, names))
        try:
            rule = parse(entry.get("rule"), path=(*path, "rule"))
        except RuleError as exc:
            self.problem(exc.path, exc.reason)
            return None
        self.starts(start_names(rule), steps, (*path, "rule"))
        grace = entry.get("grace")
        return DeadlineSpec(
            name=self.text(entry, "deadline", path),
            rule=rule,
            until=until,
            when=self.when(entry.get("when", {}), (*path, "when")),
            severity=self.choice(entry, "severity", path, SEVERITIES, "warning"),
            grace=None if grace is None else self.duration(grace, (*path, "grace")),
        )

    def starts(self, starts: frozenset[str], steps: Sequence[Step], path: Path) -> None:
        names = {step.name for step in steps}
        if "ingress" in starts and not any(step.role is Role.INGRESS for step in steps):
            self.problem(
                path, "counts from ingress, but no step has role: ingress: give one that role"
            )
        for start in sorted(starts):
            if start.startswith("step:") and start[5:] not in names:
                self.problem(path, unknown("step", start[5:], names))

    def when(self, value: object, path: Path) -> dict[str, tuple[str, ...]]:
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

    def mapping(self, value: object, path: Path, fields: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(value, Mapping):
            self.problem(path, f"must be a mapping with {', '.join(fields)}")
            return {}
        for name in value:
            if name not in fields:
                self.problem((*path, name), unknown("field", str(name), fields))
        return value

    def entries(self, value: object, field: str, none: str) -> Sequence[object]:
        if not isinstance(value, list) or (none and not value):
            self.problem((field,), none or "must be a list")
            return []
        return value

    def text(self, entry: Mapping[str, object], field: str, path: Path, default: str = "") -> str:
        value = entry.get(field, default)
        if isinstance(value, str) and value.strip() and len(value) <= 200:
            return value.strip()
        if field != "title":
            self.problem((*path, field), "is missing or is no text of at most 200 characters")
        return default

    def texts(self, value: object, path: Path) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
            self.problem(path, "must be a name or a list of names")
            return ()
        return tuple(dict.fromkeys(values))

    def choice(
        self,
        entry: Mapping[str, object],
        field: str,
        path: Path,
        known: Sequence[str],
        default: str,
    ) -> str:
        value = entry.get(field, default)
        if value in known:
            return str(value)
        self.problem((*path, field), unknown(field, str(value), known))
        return default

    def truth(self, entry: Mapping[str, object], field: str, path: Path) -> bool:
        value = entry.get(field, False)
        if not isinstance(value, bool):
            self.problem((*path, field), "must be true or false")
        return value is True

    def times(self, entry: Mapping[str, object], path: Path) -> int:
        value = entry.get("times", 1)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_TIMES:
            return value
        self.problem((*path, "times"), f"must be a whole number from 1 to {MAX_TIMES:,}")
        return 1

    def duration(self, value: object, path: Path) -> timedelta:
        try:
            found = parse_duration(str(value))
        except ValueError as exc:
            self.problem(path, str(exc))
            return timedelta()
        if found < timedelta():
            self.problem(path, "must not be negative")
        return found


def unknown(word: str, name: str, known: Sequence[str] | frozenset[str] | set[str]) -> str:
    """Say that `name` is not one of the known ones, and which there are."""
    there_are = ", ".join(sorted(known)) if isinstance(known, set | frozenset) else ", ".join(known)
    return f"unknown {word} {name!r}; there is {there_are or 'none'}"


Report = Callable[[Path, str], None]
