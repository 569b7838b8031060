"""Each machine: every verb from every state, as the table says and in no other way (CERT-3)."""

from __future__ import annotations

import pytest
from django_fsm import TransitionNotAllowed, can_proceed

from certificates.models import Card, Certificate, Letter
from certificates.states import (
    CARD_VERBS,
    CERTIFICATE_VERBS,
    LETTER_VERBS,
    CardState,
    CertificateState,
    LetterState,
)
from kernel.machines import Table

MACHINES = [
    (Certificate, CERTIFICATE_VERBS, CertificateState),
    (Letter, LETTER_VERBS, LetterState),
    (Card, CARD_VERBS, CardState),
]
CASES = [
    pytest.param(model, table, verb, state, id=f"{model.__name__}-{verb}-{state}")
    for model, table, states in MACHINES
    for verb in table
    for state in states
]


@pytest.mark.req("CERT-3", "CERT-5")
@pytest.mark.parametrize(("model", "table", "verb", "state"), CASES)
def test_verb_starts_only_from_the_states_of_its_table(
    model: type, table: Table, verb: str, state: str
):
    row = model(state=str(state))
    if verb == "suspend_finally":
        row.suspensions = 2
    act = getattr(row, "return_" if verb == "return" else verb)
    if state in table[verb].sources:
        act()
        assert row.state == table[verb].target
    else:
        with pytest.raises(TransitionNotAllowed):
            act()
        assert row.state == state


@pytest.mark.req("CERT-4")
@pytest.mark.parametrize(
    ("suspensions", "verb"), [(0, "suspend"), (1, "suspend"), (2, "suspend_finally")]
)
def test_third_suspension_is_another_verb(suspensions: int, verb: str):
    row = Certificate(state="ACTIVE", suspensions=suspensions)
    allowed = [name for name in ("suspend", "suspend_finally") if can_proceed(getattr(row, name))]
    assert allowed == [verb]


@pytest.mark.req("CERT-3")
def test_suspend_counts_one():
    row = Certificate(state="ACTIVE", suspensions=1)
    row.suspend()
    assert row.suspensions == 2


def test_state_is_changed_by_verbs_alone():
    with pytest.raises(AttributeError):
        Certificate().state = "ACTIVE"
