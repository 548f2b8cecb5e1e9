"""A journey's id is made of flow and key, and unique: no second index need say so."""

from typing import Any, ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar[list[Any]] = [("tracking", "0003_unrouted")]

    operations: ClassVar[list[Any]] = [
        migrations.RemoveConstraint(model_name="journey", name="one_journey_per_event"),
    ]
