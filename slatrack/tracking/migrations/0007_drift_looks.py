from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0006_flip_missed")]
    operations = [
        migrations.RenameField("drift", "recent", "journeys"),
        migrations.AlterField(
            "drift", "journeys", models.PositiveIntegerField(help_text="that were looked at")
        ),
        migrations.RenameField("drift", "recent_since", "since"),
        migrations.AlterField(
            "drift", "since", models.DateTimeField(help_text="the first of them", null=True)
        ),
        migrations.RemoveField("drift", "earlier"),
    ]
