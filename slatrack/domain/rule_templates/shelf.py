"""All templates that are shipped, and finding some by words."""

import json
from functools import cache
from importlib.resources import files

from slatrack.domain.rule_templates.template import Template, read


@cache
def shelf() -> tuple[Template, ...]:
    """Return every template by authority and title."""
    found = [
        read(one.name.removesuffix(".json"), json.loads(one.read_text(encoding="utf-8")))
        for one in files("slatrack.domain.rule_templates").joinpath("data").iterdir()
        if one.name.endswith(".json")
    ]
    return tuple(sorted(found, key=lambda one: (one.source.authority, one.title)))


def find(name: str) -> Template | None:
    """Return the template called `name`; None if there is none."""
    return next((one for one in shelf() if one.name == name), None)


def search(words: str) -> list[Template]:
    """Return the templates that hold all of some words, in whatever order; all for none."""
    wanted = words.casefold().split()
    return [one for one in shelf() if all(word in _text(one) for word in wanted)]


def _text(one: Template) -> str:
    source = one.source
    said = (one.name, one.title, one.about, source.authority, source.act, *one.reads)
    return " ".join(said).casefold()
