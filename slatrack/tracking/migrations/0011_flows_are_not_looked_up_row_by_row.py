"""New journeys do not look up their flow row by row: no flow is ever deleted (ADR 100)."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0010_next_of_a_flow")]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField(
            model_name="journey",
            name="flow",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="journeys",
                to="tracking.flow",
            ),
        ),
    ]
