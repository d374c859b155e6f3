"""A management command's way: 50 objects at a time by the ORM, the progress saved after each batch."""

import os
import uuid

import django
from django.conf import settings
from django.db import connection, models

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()


class Ticket(models.Model):
    token = models.UUIDField(unique=True)

    class Meta:
        app_label = "bench"
        db_table = "ticket"


class Progress(models.Model):
    last_id = models.BigIntegerField(default=0)

    class Meta:
        app_label = "bench"
        db_table = "django_progress"


with connection.schema_editor() as editor:
    editor.create_model(Progress)
progress = Progress.objects.create()
while tickets := list(Ticket.objects.filter(pk__gt=progress.last_id).order_by("pk")[:50]):
    for ticket in tickets:
        ticket.token = uuid.uuid4()
    Ticket.objects.bulk_update(tickets, ["token"])
    progress.last_id = tickets[-1].pk
    progress.save()
with connection.schema_editor() as editor:
    editor.delete_model(Progress)
