"""The demo's flow documents and its code must speak of the same addresses, topics and keys."""

from importlib.resources import files

import pytest

from slatrack.demo.lines import LINES
from slatrack.domain.spans import Kind
from slatrack.tracking import flows


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.flow)
def test_the_document_fits_its_line(line):
    document = files("slatrack.demo") / "flows" / f"{line.flow}.yaml"
    [flow] = flows.check(document.read_text(encoding="utf-8"))

    assert flow.name == line.flow
    assert flow.event_key[0].attribute == line.key
    assert flow.step("received").match.attributes["http.route"].passes(line.route)
    assert flow.step("written").match.service.passes(line.sink)
    for step in flow.steps[1:]:
        assert any(step.match.topic.passes(topic) for topic in line.topics), step.name
    assert set(flow.ingress) == {"received"}
    assert set(flow.ends) == {"acknowledged"}
    assert flow.step("acknowledged").match.kinds == {int(Kind.PRODUCER)}


def test_there_is_a_document_for_each_line_and_no_other():
    found = {entry.name for entry in (files("slatrack.demo") / "flows").iterdir()}
    assert found == {f"{line.flow}.yaml" for line in LINES}
