"""A deadline that was kept is a row no more: its journey tells it, with Terms that many share."""

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db import migrations, models
from django.utils.dateparse import parse_datetime

from slatrack.domain.instants import rfc3339
from slatrack.domain.states import Verdict
from slatrack.tracking import kept_deadlines
from slatrack.tracking.decisions import Decided

AT_ONCE = 2_000  # journeys
FIRST = UUID(int=0)  # before all ids: who goes on behind the last one walks over nothing twice
SAID = (
    "name", "version", "severity", "started_at", "due_at", "strict", "warned", "reached_at",
    "reason", "watermark", "flip_count", "almanac", "decided_at", "decided_step",
)  # fmt: skip


def there(apps: Any, schema_editor: Any) -> None:
    """Pack the deadlines that tell their flip into their journeys."""
    deadlines = apps.get_model("tracking", "Deadline").objects.order_by("journey_id", "id")
    telling = deadlines.filter(decided_at__isnull=False)
    last = FIRST
    while rows := list(telling.filter(journey_id__gt=last)[: 10 * AT_ONCE]):
        last = rows[-1].journey_id  # of which there may be more
        rows += telling.filter(journey_id=last, id__gt=rows[-1].id)
        _pack(apps, rows)
        deadlines.filter(id__in=[row.id for row in rows]).delete()


def _pack(apps: Any, rows: list[Any]) -> None:
    of: dict[Any, list[Decided]] = {}
    for row in rows:
        of.setdefault(row.journey_id, []).append(_decided(row))
    journey, terms_model = apps.get_model("tracking", "Journey"), apps.get_model("tracking", "Terms")
    terms: dict[int, Any] = {}
    changed = []
    for row_id, deadlines in of.items():
        kept, common = kept_deadlines.pack(deadlines)
        terms[kept.terms or 0] = common
        changed.append(journey(id=row_id, kept_terms=kept.terms, kept=kept.own))
    made = [terms_model(id=one, deadlines=common) for one, common in terms.items()]
    terms_model.objects.bulk_create(made, ignore_conflicts=True)
    journey.objects.bulk_update(changed, ["kept_terms", "kept"], batch_size=200)


def _decided(row: Any) -> Decided:
    one = Decided(
        **{name: getattr(row, name) for name in SAID}, verdict=Verdict(row.verdict),
        grace=timedelta(seconds=row.grace_seconds),
        warnings=tuple(at for text in row.warnings if (at := parse_datetime(text))),
    )  # fmt: skip
    if not one.is_kept:
        raise ValueError(f"deadline {one.name!r} of journey {row.journey_id} tells a flip, oddly")
    return one


def back(apps: Any, schema_editor: Any) -> None:
    """Make rows of deadlines that were kept."""
    journeys = apps.get_model("tracking", "Journey").objects.filter(kept__isnull=False)
    deadline, terms = apps.get_model("tracking", "Deadline"), apps.get_model("tracking", "Terms")
    common = {row.id: row.deadlines for row in terms.objects.all()}
    ordered, last = journeys.only("kept_terms", "kept").order_by("id"), FIRST
    while rows := list(ordered.filter(id__gt=last)[:AT_ONCE]):
        last = rows[-1].id
        deadline.objects.bulk_create([
            _row(deadline, row.id, one)
            for row in rows
            for one in kept_deadlines.unpack_with(common[row.kept_terms], row.kept)
        ])  # fmt: skip
        journeys.filter(id__in=[row.id for row in rows]).update(kept_terms=None, kept=None)


def _row(deadline: Any, journey_id: Any, one: Decided) -> Any:
    return deadline(
        **{name: getattr(one, name) for name in SAID}, journey_id=journey_id,
        verdict=one.verdict.value, grace_seconds=one.grace.total_seconds(),
        warnings=[rfc3339(at) for at in one.warnings],
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [
        ("tracking", "0007_flips_become_history_when_taken_up"),
    ]
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Terms",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "deadlines",
                    models.JSONField(
                        help_text="of each: name, version, severity, strict, seconds of grace"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="journey",
            name="kept_terms",
            field=models.BigIntegerField(
                help_text="the Terms of the deadlines that were kept; null: none", null=True
            ),
        ),
        migrations.AddField(
            model_name="journey",
            name="kept",
            field=models.BinaryField(help_text="what differs in these, packed", null=True),
        ),
        migrations.RunPython(there, back),  # tests/tracking/test_kept_migrated.py
        migrations.RemoveField(model_name="deadline", name="decided_at"),
        migrations.RemoveField(model_name="deadline", name="decided_step"),
    ]
