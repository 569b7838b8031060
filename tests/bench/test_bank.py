"""The measured bank prepares and releases real requests, and its statements can be replayed."""

from __future__ import annotations

import pytest

from bench import authority
from bench.bank import Worker
from bench.replay import write_script
from bench.report import gist

pytestmark = pytest.mark.django_db(transaction=True)


def test_prepared_releases_are_done_recorded_and_found_in_the_books() -> None:
    worker = Worker(0, "http://testserver")
    worker.found(1)
    worker.enter()
    references = worker.prepare(2)
    assert worker.findings(references) == ["of 2: 0 released, 0 posted"]
    script = write_script([worker.record()])
    assert worker.findings(references) == []
    assert worker.broken_chains() == []
    assert len(script.rows) == 2
    told = [gist(statement) for statement in script.statements]
    assert told[-1] == "insert into audit_entry, update audit_chain"


def test_what_fails_in_a_slice_is_told() -> None:
    worker = Worker(0, "http://testserver")
    worker.found(1)
    worker.enter()
    worker.prepare(1)
    used = list(worker.cases)
    assert worker.release()["failures"] == []
    worker.cases = [type(case)(case.reference, case.signed, "another form") for case in used]
    (failure,) = worker.release()["failures"]
    assert failure.startswith(used[0].reference)


def test_the_authoritys_acts_are_done_and_looked_for() -> None:
    worker = authority.Worker(0, "http://testserver")
    worker.found(1)
    worker.enter()
    worker.sign(2)
    assert worker.accepted() == ["of 2: 0 accepted"]
    for told in (worker.judge(), worker.accept(), worker.publish(1)):
        assert told["failures"] == []
    assert worker.accepted() == []
    assert worker.lists() == ["the list names 0, not 5000"]
    for nonce in (False, True):
        worker.ask(2, nonce=nonce)
        told = worker.answer()
        assert (len(told["times"]), told["failures"]) == (2, [])
    assert worker.accept()["failures"] != []
