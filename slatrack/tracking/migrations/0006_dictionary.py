"""Dictionaries that rows are squeezed with; rows written before are read as they are."""

from typing import Any, ClassVar

from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError


def refuse(apps: Any, _: Any) -> None:
    """Do not delete what rows cannot be read without."""
    if apps.get_model("tracking", "Dictionary").objects.exists():
        raise IrreversibleError(
            "rows are squeezed with dictionaries, and could not be read without them: "
            "to go back restore the backup made before this migration"
        )


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0005_flips_told_by_deadlines")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Dictionary",
            fields=[
                (
                    "id",
                    models.IntegerField(
                        help_text="as zstd frames name it", primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("state", "State"), ("parts", "Parts"), ("spans", "Spans")],
                        max_length=5,
                    ),
                ),
                ("number", models.PositiveIntegerField(help_text="1 for the first of its kind")),
                ("data", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                (
                    "tried_at",
                    models.DateTimeField(help_text="when a new one was last compared with it"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "number"), name="one_dictionary_per_number"
                    )
                ],
            },
        ),
        migrations.RunPython(migrations.RunPython.noop, refuse),
    ]
