"""Bond documents: what a flow says of splits, amendments, duplicates and dead letters."""

from collections.abc import Mapping, Sequence
from typing import cast

from slatrack.domain.document_fields import Fields, Path
from slatrack.domain.families import CHILDREN, ChildrenSpec, KeyPattern, ParentSpec
from slatrack.domain.flows import AmendClock, AmendSpec, Duplicates, Role, Step
from slatrack.domain.match_documents import topic_match
from slatrack.domain.matches import Compile
from slatrack.domain.spans import Kind

DEAD_LETTER = "dead letter"  # the step that every flow with dead letters has
PRODUCER = frozenset({int(Kind.PRODUCER)})


class BondReader(Fields):
    """Reads what a flow that has certain steps says beyond them."""

    def __init__(self, compile_pattern: Compile, steps: Sequence[Step]) -> None:
        super().__init__()
        self.compile = compile_pattern
        self.steps = steps
        self.names = [step.name for step in steps]

    def parent(self, value: object) -> ParentSpec | None:
        """Whose child an event of the flow is."""
        if value is None:
            return None
        entry = self.mapping(value, ("parent",), ("flow", "key"))
        flow = self.text(entry, "flow", ("parent",))
        path, key = ("parent", "key"), entry.get("key")
        if isinstance(key, str) and key:
            return ParentSpec(flow, attribute=key)
        if isinstance(key, Mapping) and key.keys() == {"pattern"}:
            pattern = str(key["pattern"])
            return ParentSpec(flow, pattern=pattern, compiled=self._one_group(pattern, path))
        self.problem(
            path,
            "say where a child names its parent: an attribute, or {pattern: RE2 with one group}"
            " for a part of the child's own key",
        )
        return None

    def _one_group(self, pattern: str, path: Path) -> KeyPattern | None:
        try:
            compiled = self.compile(pattern)
        except ValueError as exc:
            self.problem((*path, "pattern"), f"is no RE2 pattern: {exc}")
            return None
        if getattr(compiled, "groups", 0) != 1:
            self.problem(
                (*path, "pattern"),
                "must have exactly one group in parentheses: the parent's key",
            )
        return cast("KeyPattern", compiled)

    def children(self, value: object) -> ChildrenSpec | None:
        """What an event of the flow splits into."""
        if value is None:
            return None
        entry = self.mapping(value, (CHILDREN,), ("expected", "required"))
        if CHILDREN in self.names:
            place = ("steps", self.names.index(CHILDREN), "step")
            self.problem(place, "'children' is what a deadline waits until: rename the step")
        required = entry.get("required", True)
        if not isinstance(required, bool):
            self.problem((CHILDREN, "required"), "must be true or false")
        expected = None
        if "expected" in entry:
            expected = self.expected(entry["expected"], (CHILDREN, "expected"))
        return ChildrenSpec(expected, required is True)

    def amend(self, value: object) -> AmendSpec | None:
        """How an event of the flow is amended."""
        amending = [n for n, step in enumerate(self.steps) if step.role is Role.AMEND]
        if value is None:
            for number in amending:
                self.problem(
                    ("steps", number, "role"),
                    "a flow with a step of role amend says what an amendment does to the clock:"
                    " add `amend: {clock: restart}` or `amend: {clock: inherit}`",
                )
            return None
        entry = self.mapping(value, ("amend",), ("version", "clock"))
        version = self.text(entry, "version", ("amend",)) if "version" in entry else None
        if version is None and not amending:
            self.problem(
                ("amend",),
                "say how an amendment is told: `version: attribute`, or a step with role: amend",
            )
        clocks = [one.value for one in AmendClock]
        if "clock" not in entry:
            self.problem(("amend", "clock"), f"is missing: choose {' or '.join(clocks)}")
            return None
        clock = self.choice(entry, "clock", ("amend",), clocks, AmendClock.INHERIT.value)
        return AmendSpec(AmendClock(clock), version)

    def duplicates(self, top: Mapping[str, object]) -> Duplicates:
        """What a second submission of one event is."""
        known = [one.value for one in Duplicates]
        return Duplicates(self.choice(top, "duplicates", (), known, Duplicates.ATTEMPT.value))

    def dead_letters(self, value: object) -> tuple[Step, ...]:
        """The step that producing to a dead-letter topic proves."""
        globs = self.texts(value, ("dead_letters",))
        if not globs or any(step.role is Role.DEAD_LETTER for step in self.steps):
            return ()
        if DEAD_LETTER in self.names:
            place = ("steps", self.names.index(DEAD_LETTER), "step")
            self.problem(place, "has the name of the step for dead-letter topics: give it that"
                                " role (role: dead_letter), or rename it")  # fmt: skip
        match = topic_match(globs, PRODUCER, compile_pattern=self.compile)
        return (Step(DEAD_LETTER, Role.DEAD_LETTER, match, required=False),)
