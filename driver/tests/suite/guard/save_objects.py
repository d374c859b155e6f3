"""Saves objects that Django loaded before a rotation, and prints what is stored of them then."""

import datetime
import os
import subprocess
import sys

import django
from django.conf import settings
from django.db import models, transaction

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
    USE_TZ=True,
)
django.setup()


class Ticket(models.Model):
    id = models.BigAutoField(primary_key=True)
    token = models.UUIDField(unique=True)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "guard"
        db_table = "ticket"
        managed = False


EDITED = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
before = {ticket.id: ticket for ticket in Ticket.objects.all()}
subprocess.run([sys.argv[1], "run", *sys.argv[2:]], check=True, capture_output=True)
live = dict(Ticket.objects.values_list("id", "token"))

for ticket in before.values():
    ticket.created_at = EDITED
before[1].save()
Ticket.objects.bulk_update([before[2], before[3]], ["token", "created_at"])
Ticket.objects.bulk_create(
    [before[4], before[5]], update_conflicts=True, unique_fields=["id"], update_fields=["token", "created_at"]
)
Ticket.objects.update_or_create(id=6, defaults={"token": before[6].token, "created_at": EDITED})
with transaction.atomic():
    Ticket.objects.select_for_update().get(id=7)
    before[7].save()
Ticket.objects.filter(id=8).delete()
before[8].save(force_insert=True)
made_anew = Ticket.objects.get(id=9)
made_anew.token, made_anew.created_at = "7f9c24e8-3b12-4f0c-8f5e-0a4a4d1c2b3a", EDITED
made_anew.save()

for id in range(1, 10):
    ticket = Ticket.objects.get(id=id)
    token = "live" if ticket.token == live[id] else "old" if ticket.token == before[id].token else "other"
    print(id, token, "edited" if ticket.created_at == EDITED else "not edited")
