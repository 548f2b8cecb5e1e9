"""The deadline editor's form: an entry of a flow document as fields, and back."""

from collections.abc import Mapping
from typing import Any

import yaml
from django import forms

from dashboards.forms import amounts
from slatrack.domain.families import CHILDREN
from slatrack.domain.flow_documents import SEVERITIES
from slatrack.domain.flows import Flow
from slatrack.tracking.documents import FlowError, documents

SIMPLE, DOCUMENT = "simple", "document"
PLACES = {  # the part of an entry that a problem names -> the field to show it at
    "deadline": "name",
    "until": "until",
    "when": "when",
    "severity": "severity",
    "grace": "grace",
}


class DeadlineForm(forms.Form):
    """A deadline of `flow`. `entry` is what it says as part of a flow document, once valid."""

    name = forms.CharField(max_length=200, help_text="what people will read in alerts")
    until = forms.ChoiceField(help_text="reaching this step in time keeps the deadline")
    shape = forms.ChoiceField(
        choices=[(SIMPLE, "A length of time"), (DOCUMENT, "A rule document")],
        widget=forms.RadioSelect,
        initial=SIMPLE,
    )
    amount = forms.CharField(required=False, help_text="15 min, 90 s, 1 h 30 min or PT15M")
    start = forms.ChoiceField(required=False, help_text="what starts the clock")
    attribute = forms.CharField(
        required=False, help_text="only where an attribute starts the clock, e.g. execution.time"
    )
    warn = forms.CharField(required=False, help_text="50 %, 3 min before")
    rule = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="YAML; for cut-off times, sessions and windows, warnings included",
    )
    when = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="one a line: asset.class = equity, bond. Empty: every event",
    )
    severity = forms.ChoiceField(choices=[(one, one) for one in SEVERITIES])
    grace = forms.CharField(
        required=False, help_text="how long telemetry may lag before silence counts; empty: usual"
    )
    effective_from = forms.DateTimeField(
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        label="For events that start from",
        help_text="in your time zone; empty: from now on",
    )
    why = forms.CharField(required=False, max_length=500, help_text="kept with the version")

    def __init__(self, flow: Flow, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = [step.name for step in flow.steps]
        ends = [(name, name) for name in steps]
        if flow.children is not None:
            ends.append((CHILDREN, "all its children"))
        self.choices("until", ends)
        starts = [("ingress", "ingress"), *((f"step:{n}", f"step {n}") for n in steps)]
        self.choices("start", [*starts, ("attr", "an attribute of the event")])

    def choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Set what a choice field offers."""
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Build `entry`; what cannot be read is an error at its field."""
        data = super().clean() or self.cleaned_data
        self.entry: dict[str, Any] = {"deadline": data.get("name", ""), "rule": self._rule(data)}
        self.entry["until"] = data.get("until", "")
        if when := self._read("when", amounts.conditions, data):
            self.entry["when"] = when
        self.entry["severity"] = data.get("severity", "warning")
        if data.get("grace") and (grace := self._read("grace", amounts.duration, data)):
            self.entry["grace"] = grace
        return data

    def _rule(self, data: Mapping[str, Any]) -> Any:
        if data.get("shape") == DOCUMENT:
            return self._document(str(data.get("rule", "")))
        start = data.get("start") or "ingress"
        if start == "attr":
            attribute = str(data.get("attribute", "")).strip()
            if not attribute:
                self.add_error("attribute", "name the attribute that starts the clock")
            start = f"attr:{attribute}"
        amount = self._read("amount", amounts.duration, data)
        rule: dict[str, Any] = {"kind": "duration", "from": start, "amount": amount}
        if warn := self._read("warn", amounts.warnings, data):
            rule["warn"] = warn
        return rule

    def _document(self, text: str) -> Any:
        try:
            return next((document.value for document in documents(text)), {})
        except FlowError as error:
            for problem in error.problems:
                self.add_error("rule", str(problem))
        return {}

    def _read(self, name: str, read: Any, data: Mapping[str, Any]) -> Any:
        try:
            return read(str(data.get(name) or ""))
        except ValueError as error:
            self.add_error(name, str(error))
        return None

    def refuse(self, path: str, reason: str) -> None:
        """Show a problem of the flow document at the field that it is about."""
        part = path.partition("].")[2]
        top = part.split(".")[0].split("[")[0]
        simple = self.cleaned_data.get("shape") != DOCUMENT
        field = PLACES.get(top, _rule_field(part) if simple else "rule")
        inside = part.partition(".")[2]
        self.add_error(field, f"{inside}: {reason}" if inside and not simple else reason)


def _rule_field(part: str) -> str:
    named = part.removeprefix("rule.").split("[")[0].split(".")[0]
    return {"from": "start", "warn": "warn"}.get(named, "amount")


def initial(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that show an entry."""
    rule = dict(entry.get("rule") or {})
    fields = {
        "name": entry.get("deadline", ""),
        "until": entry.get("until", ""),
        "when": amounts.conditions_text(dict(entry.get("when") or {})),
        "severity": entry.get("severity", "warning"),
        "grace": amounts.duration_text(str(entry.get("grace") or "")),
        "rule": yaml.safe_dump(rule, sort_keys=False, allow_unicode=True),
    }
    if rule.get("kind") != "duration" or rule.keys() - {"kind", "from", "amount", "warn"}:
        return fields | {"shape": DOCUMENT}
    start = str(rule.get("from", "ingress"))
    kind, _, name = start.partition(":")
    return fields | {
        "shape": SIMPLE,
        "amount": amounts.duration_text(str(rule.get("amount", ""))),
        "start": "attr" if kind == "attr" else start,
        "attribute": name if kind == "attr" else "",
        "warn": amounts.warnings_text(rule.get("warn") or []),
    }
