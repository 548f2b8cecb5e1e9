"""Dictionaries that rows are squeezed with; rows written before are read as they are."""

from typing import Any, ClassVar

from django.db import migrations, models


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
    ]
