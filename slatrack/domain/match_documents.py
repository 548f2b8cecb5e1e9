"""Match documents: from the `match` of a step to a Match, reporting what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from slatrack.domain.matches import KINDS, Compile, Match, Test, as_text
from slatrack.domain.operations import operation_type

Path = tuple[str | int, ...]
Report = Callable[[Path, str], None]

TEXT_FIELDS = ("service", "name", "topic", "operation", "scope")
FIELDS = ("kind", *TEXT_FIELDS, "attributes", "resource")


def compiled_match(
    value: object, path: Path, problem: Report, *, compile_pattern: Compile
) -> Match:
    """Return the Match that `value` describes; what is wrong goes to `problem`."""
    if not isinstance(value, Mapping) or not value:
        problem(path, f"must name at least one of {', '.join(FIELDS)}: else every span would match")
        return Match()
    for name in value:
        if name not in FIELDS:
            problem((*path, name), f"unknown field {name!r}; there is {', '.join(FIELDS)}")
    read = _Tests(problem, compile_pattern)
    texts: dict[str, Any] = {
        field: read.test(value[field], (*path, field)) for field in TEXT_FIELDS if field in value
    }
    if "operation" in texts:
        texts["operation"] = _folded(texts["operation"])
    return Match(
        kinds=read.kinds(value.get("kind", []), (*path, "kind")),
        attributes=read.tests(value.get("attributes", {}), (*path, "attributes")),
        resource=read.tests(value.get("resource", {}), (*path, "resource")),
        **texts,
    )


def _folded(test: Test) -> Test:
    """Operations of spans are read as their newest types; a document may use any word for them."""
    if test.one_of is None:
        return test
    return replace(test, one_of=frozenset(operation_type(word) for word in test.one_of))


class _Tests:
    def __init__(self, problem: Report, compile_pattern: Compile) -> None:
        self.problem = problem
        self.compile = compile_pattern

    def kinds(self, value: object, path: Path) -> frozenset[int]:
        names = value if isinstance(value, list) else [value]
        for name in names:
            if not isinstance(name, str) or name not in KINDS:
                self.problem(path, f"unknown kind {name!r}; there is {', '.join(KINDS)}")
        return frozenset(KINDS[n] for n in names if isinstance(n, str) and n in KINDS)

    def tests(self, value: object, path: Path) -> dict[str, Test]:
        if not isinstance(value, Mapping):
            self.problem(path, "must be a mapping of attribute to value")
            return {}
        return {str(name): self.test(wanted, (*path, name)) for name, wanted in value.items()}

    def test(self, value: object, path: Path) -> Test:
        if isinstance(value, Mapping):
            return self._special(value, path)
        values = value if isinstance(value, list) else [value]
        if not values or any(v is None or isinstance(v, list | Mapping) for v in values):
            self.problem(path, "must be a text, a list of texts, or {prefix|pattern|exists: …}")
        return Test(one_of=frozenset(as_text(v) for v in values))

    def _special(self, value: Mapping[str, object], path: Path) -> Test:
        match dict(value):
            case {"exists": bool(there), **rest} if not rest:
                return Test(exists=there)
            case {"prefix": str(prefix), **rest} if not rest and prefix:
                return Test(prefix=prefix)
            case {"pattern": str(pattern), **rest} if not rest:
                return self._pattern(pattern, path)
        self.problem(path, "must be one of {prefix: text}, {pattern: RE2}, {exists: true}")
        return Test()

    def _pattern(self, pattern: str, path: Path) -> Test:
        try:
            return Test(pattern=pattern, compiled=self.compile(pattern))
        except ValueError as exc:
            self.problem((*path, "pattern"), f"is no RE2 pattern: {exc}")
            return Test()


def topic_match(globs: Sequence[str], kinds: frozenset[int], *, compile_pattern: Compile) -> Match:
    """Return the Match of spans of some kinds whose topic fits one of `globs`, in any case."""
    ways = "|".join(_glob(one) for one in globs)
    pattern = f"(?i)^(?:{ways})$"
    return Match(kinds=kinds, topic=Test(pattern=pattern, compiled=compile_pattern(pattern)))


def _glob(text: str) -> str:
    """Return a glob as RE2: `*` is any text, `?` one character, all else itself."""
    named = {"*": ".*", "?": "."}
    return "".join(named.get(c) or (c if c.isalnum() or c in "_-" else f"\\{c}") for c in text)
