"""What the page about the demo says must be true."""

from pathlib import Path

from slatrack.demo import faults
from slatrack.demo.lines import LINES

PAGE = (Path(__file__).parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")


def test_every_fault_flow_and_service_is_on_the_page():
    services = {"order-desk", "gateway", "validator", "enricher", "router"}
    services |= {line.sink for line in LINES} | {line.authority for line in LINES}
    names = services | faults.NAMES | {line.flow for line in LINES}
    assert {name for name in names if name not in PAGE} == set()


def test_every_address_of_the_gateway_is_on_the_page():
    assert all(f"`POST {line.route}`" in PAGE for line in LINES)
