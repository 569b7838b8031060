"""Somebody else holds what an act needs: the bank says that it is busy, and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections

from approvals.models import Request
from audit.models import Entry
from tests.factories.http import Browser, words_of
from tests.factories.world import World, submit
from tests.servers import owner_connection


@contextmanager
def held(reference: str) -> Iterator[psycopg.Connection]:
    """Keep a request locked on another connection."""
    connection = owner_connection()
    connection.autocommit = False
    try:
        connection.execute(
            "SELECT id FROM approvals_request WHERE reference = %s FOR UPDATE", [reference]
        )
        yield connection
    finally:
        connection.rollback()
        connection.close()


@pytest.mark.req("TRF-6")
def test_a_lock_that_is_not_to_be_had_is_a_busy_page_and_the_act_can_be_repeated(
    open_world: World,
) -> None:
    world = open_world
    reference = submit(world, world.holder("maker01", card=False))
    releaser = Browser.of(world, "release1", english=True)
    maker = Browser.of(world, "maker01", HTTP_ACCEPT="application/json")
    signed = releaser.signed(reference, "release")
    answers = {}

    def withdraw() -> None:
        try:
            answers["json"] = maker.post("approvals:withdraw", reference, idempotency_key="k" * 20)
        finally:
            connections.close_all()

    with held(reference):
        other = threading.Thread(target=withdraw)
        other.start()
        page = releaser.post("approvals:release", reference, **signed)
        other.join()

    assert page.status_code == 503
    words = words_of(page)
    assert "The bank is busy at the moment" in words
    assert page["X-Request-Number"] in words
    assert Entry.objects.get(request_number=page["X-Request-Number"]).outcome == "refused"
    told = answers["json"]
    assert (told.status_code, told.json()["ok"], told.json()["code"]) == (503, False, "busy")
    assert Request.objects.get(reference=reference).state == "PENDING"

    assert releaser.post("approvals:release", reference, **signed).status_code == 302
    assert Request.objects.get(reference=reference).state == "RELEASED"
