"""What is stored of what happened: one hash chain per company, unit or the bank itself."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Chain(models.Model):
    """Hold the head of one hash chain; locked last and shortest of all rows (AUD-1)."""

    name = models.CharField(max_length=64, primary_key=True)
    height = models.BigIntegerField(default=0)
    head = models.BinaryField(max_length=32, default=bytes(32))

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(height__gte=0), name="audit_chain_height"),
        ]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """Hold one thing that happened or was refused; never changed, never removed.

    Actor and target are text, so that everything may be written about and nothing here can be
    reached by deleting what it speaks of.
    """

    chain = models.CharField(max_length=64)
    position = models.BigIntegerField()
    at = models.DateTimeField()
    event = models.CharField(max_length=80)
    outcome = models.CharField(max_length=10)
    actor = models.CharField(max_length=64)
    target = models.CharField(max_length=80)
    address = models.CharField(max_length=45, blank=True)
    request_number = models.CharField(max_length=40, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "position"], name="audit_entry_position"),
            models.CheckConstraint(
                condition=models.Q(position__gte=1), name="audit_entry_from_one"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["done", "refused"]), name="audit_entry_outcome"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["target", "id"], name="audit_entry_target"),
            models.Index(fields=["chain", "at"], name="audit_entry_time"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.position} {self.event}"
