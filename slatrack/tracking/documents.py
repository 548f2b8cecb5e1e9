"""Flow documents as text: YAML in, flows or problems with their lines out."""

import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, NamedTuple

import re2
import yaml
from django.conf import settings

from slatrack.domain import flow_documents
from slatrack.domain.flow_documents import FlowInvalid, Path
from slatrack.domain.flows import Flow
from slatrack.domain.matches import Pattern

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 100  # brackets and braces that are open at once


class Problem(NamedTuple):
    """One thing that is wrong with a document; `line` counts from 1."""

    line: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path + ': ' if self.path else ''}{self.reason}"


class FlowError(ValueError):
    """A text that is no flow document; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain scalars: 08:00 and 2026-01-01 are text, `on` is no truth."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in [
    ("bool", r"^(?:true|false|True|False)$", "tfTF"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("int", r"^[-+]?[0-9]{1,18}$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]+\.[0-9]+$", "-+0123456789"),
]:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class Document(NamedTuple):
    """One document of a text: its plain value, and the line of each place in it."""

    value: Any
    lines: Mapping[Path, int]
    first: int  # its first line, counted from 1, in the text
    last: int

    def line(self, path: Path) -> int:
        """Return the line of `path`, or of the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.first)

    def text(self, whole: str) -> str:
        """Return its own part of the whole text, comments before it included."""
        return "\n".join(whole.splitlines()[self.first - 1 : self.last]).strip() + "\n"


def flows(text: str) -> list[tuple[Flow, Document]]:
    """Return the flows that `text` holds, one per YAML document; FlowError with every problem."""
    found: list[tuple[Flow, Document]] = []
    problems: list[Problem] = []
    for document in documents(text):
        try:
            flow = flow_documents.read(
                document.value, compile_pattern=compile_pattern, dead_letters=_dead_letters()
            )
        except FlowInvalid as exc:
            problems += [
                Problem(document.line(p.path), _dotted(p.path), p.reason) for p in exc.problems
            ]
        else:
            if any(flow.name == other.name for other, _ in found):
                reason = f"flow {flow.name!r} is there twice: rename one"
                problems.append(Problem(document.line(("flow",)), "flow", reason))
            found.append((flow, document))
    if not problems and not found:
        problems = [Problem(1, "", "is empty: write a flow document, starting with `flow: <name>`")]
    if problems:
        raise FlowError(sorted(problems))
    return found


def _dead_letters() -> list[str]:
    """The topics of dead letters of every flow that names none."""
    return [name for one in settings.SLATRACK.dead_letters.split(",") if (name := one.strip())]


def compile_pattern(pattern: str) -> Pattern:
    """Compile RE2; ValueError says what is wrong. Matching takes linear time whatever the input."""
    try:
        options = re2.Options()
        options.log_errors = False
        compiled: Pattern = re2.compile(pattern, options)
    except re2.error as exc:
        message = exc.args[0]
        raise ValueError(message.decode() if isinstance(message, bytes) else message) from exc
    return compiled


def documents(text: str) -> Iterator[Document]:
    """Yield the YAML documents of `text`; FlowError when it is no YAML."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise FlowError([Problem(1, "", f"is larger than {MAX_BYTES // 1024} KiB")])
    if _depth(text) > MAX_DEPTH:  # before it is parsed, which takes time by the square of it
        raise FlowError([Problem(1, "", "is too deeply nested")])
    try:
        for first, last, node in _nodes(text):
            builder = _Builder()
            yield Document(builder.build(node, ()), builder.lines, first, last)
    except RecursionError as exc:
        raise FlowError([Problem(1, "", "is too deeply nested")]) from exc
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else 1
        raise FlowError([Problem(line, "", f"is no YAML: {exc.problem or exc.context}")]) from exc
    except yaml.YAMLError as exc:
        raise FlowError([Problem(1, "", f"is no YAML: {exc}")]) from exc


def _depth(text: str) -> int:
    """Return how many brackets are open at once, those in quotes included."""
    ways = (1 if c in "[{" else -1 for c in text if c in "[]{}")
    return max(accumulate(ways), default=0)


def _nodes(text: str) -> Iterator[tuple[int, int, yaml.Node]]:
    """Yield each document's root with its first and last line, separators left out."""
    nodes = [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    starts = [
        n for n, line in enumerate(text.splitlines(), 1) if line.split("#")[0].rstrip() == "---"
    ]
    for node in nodes:
        here = node.start_mark.line + 1
        first = max((line + 1 for line in starts if line < here), default=1)
        last = min((line - 1 for line in starts if line > here), default=text.count("\n") + 1)
        yield first, last, node


class _Builder:
    """Builds the plain value of a node tree, noting lines, refusing repeats and alias bombs."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.nodes = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.nodes += 1
        line = node.start_mark.line + 1
        if self.nodes > MAX_NODES or len(path) > 50:
            raise FlowError([Problem(line, _dotted(path), "is too large or too deeply nested")])
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, n)) for n, child in enumerate(node.value)]
        try:
            return self._scalar(node)
        except ValueError as exc:
            raise FlowError([Problem(line, _dotted(path), str(exc))]) from exc

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode) or not _storable(name):
                raise FlowError([Problem(line, _dotted(path), "a name must be a plain text")])
            if name in value:
                raise FlowError([Problem(line, _dotted((*path, name)), "is there twice: drop one")])
            self.lines[(*path, name)] = line
            value[name] = self.build(child, (*path, name))
        return value

    def _scalar(self, node: yaml.Node) -> Any:
        """The value of a scalar; ValueError where its tag does not fit or no row could hold it."""
        text = str(node.value)
        if not _storable(text):
            raise ValueError("holds a character that is none: NUL or half of a surrogate pair")
        match node.tag.rpartition(":")[2]:
            case "bool":
                return text.lower() == "true"
            case "null":
                return None
            case "int":
                return int(text)
            case "float":
                return float(text)
        return text


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
