"""Flow documents: from a plain document to a flow, or to all that is wrong with it.

Every problem names its place as a path into the document, so that whoever read the text can say
the line.
"""

import re
from collections.abc import Mapping, Sequence

from slatrack.domain.bond_documents import BondReader
from slatrack.domain.deadline_documents import SEVERITIES, DeadlineReader
from slatrack.domain.document_fields import Fields, Path, Problem, unknown
from slatrack.domain.flows import ASIDE, DeadlineSpec, Flow, KeyKind, KeySource, Role, Step
from slatrack.domain.match_documents import compiled_match
from slatrack.domain.matches import Compile

FLOW_FIELDS = (
    *("flow", "title", "event_key", "steps", "deadlines", "attributes", "lost_after"),
    *("parent", "children", "amend", "duplicates", "dead_letters", "cohort"),
)
STEP_FIELDS = ("step", "role", "match", "after", "optional", "times", "event_key")
MAX_NAME = 100  # characters of the name of a flow or step
FLOW_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class FlowInvalid(ValueError):
    """The document is not a flow; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(p.reason for p in problems))
        self.problems = tuple(problems)


def read(document: object, *, compile_pattern: Compile, dead_letters: Sequence[str] = ()) -> Flow:
    """Return the flow that `document` describes; FlowInvalid with all its problems otherwise.

    `dead_letters` are the topics (globs) of dead letters where the document names none.
    """
    return _Reader(compile_pattern, dead_letters).flow(document)


def read_deadline(document: object, steps: Sequence[Step]) -> DeadlineSpec:
    """Return the deadline of one entry of a flow that has `steps`; FlowInvalid otherwise.

    An older version may name steps that the flow has no longer: they are never reached.
    """
    reader = DeadlineReader(steps)
    spec = reader.deadline(document, ())
    if spec is None:
        raise FlowInvalid(reader.problems)
    return spec


class _Reader(Fields):
    def __init__(self, compile_pattern: Compile, dead_letters: Sequence[str] = ()) -> None:
        super().__init__()
        self.compile = compile_pattern
        self.dead_letters = dead_letters

    def flow(self, document: object) -> Flow:
        top = self.mapping(document, (), FLOW_FIELDS)
        name = self.text(top, "flow", ())
        if name and not FLOW_NAME.fullmatch(name):
            self.problem(("flow",), f"{name!r}: use letters, digits, - and _ only, 100 at most")
        steps = self.steps(top.get("steps"))
        bonds = BondReader(self.compile, steps)
        clocks = DeadlineReader(steps, children="children" in top)
        flow = Flow(
            name=name,
            title=self.text(top, "title", (), default=name),
            event_key=self.event_key(top.get("event_key"), ("event_key",), required=True),
            steps=steps,
            deadlines=clocks.deadlines(top.get("deadlines", [])),
            attributes=self.texts(top.get("attributes", []), ("attributes",)),
            lost_after=self.duration(top.get("lost_after", "PT24H"), ("lost_after",)),
            parent=bonds.parent(top.get("parent")),
            children=bonds.children(top.get("children")),
            amend=bonds.amend(top.get("amend")),
            duplicates=bonds.duplicates(top),
            cohort=self.text(top, "cohort", ()) if "cohort" in top else "",
            implied=bonds.dead_letters(top.get("dead_letters", list(self.dead_letters))),
        )
        if problems := [*self.problems, *clocks.problems, *bonds.problems]:
            raise FlowInvalid(problems)
        return flow

    def steps(self, value: object) -> tuple[Step, ...]:
        entries = self.entries(value, "steps", "a flow needs at least one step")
        steps = [self.step(entry, ("steps", number)) for number, entry in enumerate(entries)]
        self.unique([s.name for s in steps], "steps", "step")
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
        role = Role(self.choice(entry, "role", path, [r.value for r in Role], "processing"))
        optional = self.truth(entry, "optional", path) or role in ASIDE
        return Step(
            name=self.text(entry, "step", path, longest=MAX_NAME),
            role=role,
            match=compiled_match(
                entry.get("match"), (*path, "match"), self.problem, compile_pattern=self.compile
            ),
            after=self.texts(entry.get("after", []), (*path, "after")),
            required=not optional,
            times=self.expected(entry.get("times", 1), (*path, "times")),
            event_key=self.event_key(key, (*path, "event_key")) if key is not None else (),
        )

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


__all__ = ["SEVERITIES", "FlowInvalid", "Path", "Problem", "read", "read_deadline"]
