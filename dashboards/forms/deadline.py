"""The deadline editor's form: an entry of a flow document as fields, and back."""

from collections.abc import Mapping
from typing import Any

import yaml
from django import forms

from dashboards.forms import amounts, rule_builder
from dashboards.forms.rule_builder import DOCUMENT, SIMPLE, TIME, UNITS
from slatrack.domain.calendars import Calendars
from slatrack.domain.families import CHILDREN
from slatrack.domain.flow_documents import SEVERITIES
from slatrack.domain.flows import Flow
from slatrack.tracking.documents import FlowError, documents

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
        choices=[
            (SIMPLE, "A length of time"),
            (TIME, "A time of day"),
            (DOCUMENT, "The document"),
        ],
        widget=forms.RadioSelect,
        initial=SIMPLE,
    )
    source = forms.CharField(required=False)  # which of the shapes was written in last
    amount = forms.CharField(required=False, help_text="15 min, 90 s, 1 h 30 min or PT15M")
    start = forms.ChoiceField(required=False, help_text="what starts the clock")
    attribute = forms.CharField(
        required=False, help_text="only where an attribute starts the clock, e.g. execution.time"
    )
    at = forms.CharField(required=False, label="By", help_text="08:00, or 24:00 for midnight")
    zone = forms.CharField(required=False, label="In", help_text="e.g. America/New_York, UTC")
    number = forms.IntegerField(
        required=False, label="After", help_text="0: the same day", min_value=-3660, max_value=3660
    )
    unit = forms.ChoiceField(required=False, choices=list(UNITS.items()), label="Days")
    calendar = forms.ChoiceField(required=False, help_text="whose days are open")
    warn = forms.CharField(required=False, help_text="50 %, 3 min before")
    rule = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text="YAML: every kind and option; what the other shapes show is in step with it",
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

    def __init__(
        self, flow: Flow, *args: Any, base: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.base_entry = dict(base or {})
        steps = [step.name for step in flow.steps]
        ends = [(name, name) for name in steps]
        if flow.children is not None:
            ends.append((CHILDREN, "all its children"))
        self.choices("until", ends)
        starts = [("ingress", "ingress"), *((f"step:{n}", f"step {n}") for n in steps)]
        self.choices("start", [*starts, ("attr", "an attribute of the event")])
        text = str(self.data.get("rule") or self.initial.get("rule") or "")
        listed = rule_builder.calendar_choices(Calendars.shipped().codes, _quietly(text))
        self.choices("calendar", listed)

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
        shown = {"deadline", "rule", *PLACES}
        self.entry |= {n: value for n, value in self.base_entry.items() if n not in shown}
        return data

    @property
    def written_in(self) -> str:
        """The shape that says what the rule is: the one last written in, else the one shown."""
        source, shape = self.cleaned_data.get("source"), self.cleaned_data.get("shape")
        return str(source if source in (SIMPLE, TIME, DOCUMENT) else shape)

    def in_step(self) -> dict[str, str]:
        """Return the fields of the shapes that were not written in, as the valid rule has them."""
        rule = self.entry["rule"]
        fields = rule_builder.shown(rule)
        document = yaml.safe_dump(rule, sort_keys=False, allow_unicode=True)
        return fields if self.written_in == DOCUMENT else {"rule": document}

    def put_in_step(self) -> None:
        """Show them in this form too, and note the rule as written in the shape shown."""
        self.data = {name: self.data[name] for name in self.data} | self.in_step()

    def _rule(self, data: Mapping[str, Any]) -> Any:
        document = self._document(str(data.get("rule", "")))
        if self.written_in == DOCUMENT or not isinstance(document, Mapping):
            return document
        return rule_builder.written(self.written_in, data, document, self.add_error)

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
        simple = self.written_in != DOCUMENT
        field = PLACES.get(top, _rule_field(part) if simple else "rule")
        inside = part.partition(".")[2]
        self.add_error(field, f"{inside}: {reason}" if inside and not simple else reason)


def _quietly(text: str) -> Mapping[str, Any]:
    """The rule in a text; of what cannot be read nothing."""
    try:
        found = [document.value for document in documents(text)]
    except FlowError:
        return {}
    return found[0] if found and isinstance(found[0], Mapping) else {}


def _rule_field(part: str) -> str:
    named = part.removeprefix("rule.").partition("[")[0]
    top, _, inside = named.partition(".")
    if top == "at":
        return "zone" if inside == "tz" else "at"
    if top == "add":
        return {"n": "number", "calendar": "calendar"}.get(inside, "unit")
    known = {"from": "start", "warn": "warn", "base": "zone", "amount": "amount"}
    return known.get(top, "rule")


def initial(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that show an entry."""
    rule = dict(entry.get("rule") or {})
    return {
        "name": entry.get("deadline", ""),
        "until": entry.get("until", ""),
        "when": amounts.conditions_text(dict(entry.get("when") or {})),
        "severity": entry.get("severity", "warning"),
        "grace": amounts.duration_text(str(entry.get("grace") or "")),
        "rule": yaml.safe_dump(rule, sort_keys=False, allow_unicode=True),
        "shape": rule_builder.shape_of(rule),
        **rule_builder.shown(rule),
    }
