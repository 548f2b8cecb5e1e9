"""Changing one deadline inside the text of a flow document; all other lines stay as they are."""

from collections.abc import Mapping
from typing import Any

import yaml

from slatrack.tracking.documents import documents

INDENT = "  "


def with_deadline(text: str, name: str | None, entry: Mapping[str, Any]) -> str:
    """Return the document `text` with the deadline called `name` replaced by `entry`.

    `name` None, or not there: `entry` is added. `text` must be a document that was accepted before.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = _value(root, "deadlines")
    if not isinstance(found, yaml.SequenceNode) or not found.value:
        return _with_section(text, found, entry)
    old = next((node for node in found.value if _named(node) == name), None)
    if old is not None:
        return _replaced(text, old, entry)
    end = _end(found.value[-1])
    if found.flow_style:
        return f"{text[:end]}, {_flow(entry)}{text[end:]}"
    end = text.find("\n", end) if "\n" in text[end:] else len(text)  # a comment behind it stays
    column = found.start_mark.column
    return f"{text[:end]}\n{' ' * column}- {_block(entry, column + 2)}{text[end:]}"


def without_deadline(text: str, name: str) -> str:
    """Return the document without that deadline; its versions are kept elsewhere."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = _value(root, "deadlines")
    if not isinstance(root, yaml.MappingNode) or not isinstance(found, yaml.SequenceNode):
        return text
    entries = next(documents(text)).value.get("deadlines") or []
    kept = [entry for entry in entries if str(entry.get("deadline")).strip() != name]
    if len(kept) == len(entries):
        return text
    start, end, column = found.start_mark.index, _end(found), found.start_mark.column
    if found.flow_style or not kept:
        colon = text.index(":", _key(root, "deadlines").end_mark.index) + 1
        comments = text[colon:start].rstrip()
        return f"{text[:colon]} [{', '.join(map(_flow, kept))}]{comments}{text[end:]}"
    body = f"\n{' ' * column}".join(f"- {_block(one, column + 2)}" for one in kept)
    return text[:start] + body + text[end:]


def _replaced(text: str, node: yaml.Node, entry: Mapping[str, Any]) -> str:
    start, end = node.start_mark.index, _end(node)
    in_flow = isinstance(node, yaml.CollectionNode) and bool(node.flow_style)
    new = _flow(entry) if in_flow else _block(entry, node.start_mark.column)
    return text[:start] + new + text[end:]


def _with_section(text: str, found: yaml.Node | None, entry: Mapping[str, Any]) -> str:
    section = f"\n{INDENT}- {_block(entry, len(INDENT) + 2)}\n"
    if found is not None:
        start, end = found.start_mark.index, _end(found)
        return f"{text[:start].rstrip(' ')}{section.rstrip()}{text[end:]}"
    return f"{text.rstrip()}\ndeadlines:{section}"


def _block(entry: Mapping[str, Any], column: int) -> str:
    lines = [f"{_flow(key)}: {_flow(value)}" for key, value in entry.items()]
    return f"\n{' ' * column}".join(lines)


def _flow(value: object) -> str:
    """Return `value` as YAML on one line."""
    if isinstance(value, str) and not value.strip():
        return '""'
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _key(root: yaml.MappingNode, name: str) -> yaml.Node:
    found: yaml.Node = next(key for key, _ in root.value if key.value == name)
    return found


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _named(node: yaml.Node) -> str | None:
    named = _value(node, "deadline")
    return str(named.value).strip() if isinstance(named, yaml.ScalarNode) else None


def _end(node: yaml.Node) -> int:
    """Return where the text of `node` ends; a block's own mark also covers comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)
