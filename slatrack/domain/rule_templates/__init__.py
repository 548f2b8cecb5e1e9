"""Templates: rules that real regulations have, each with its source, to begin a deadline with.

Not legal advice. A template is a document beside this module; it is checked by the parser of rules,
and its worked examples are computed again by the tests.
"""

from slatrack.domain.rule_templates.shelf import find, search, shelf
from slatrack.domain.rule_templates.template import Example, Source, Template

__all__ = ["Example", "Source", "Template", "find", "search", "shelf"]
