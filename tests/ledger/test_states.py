"""Every verb from every state, for accounts and holds."""

from __future__ import annotations

import pytest
from django_fsm import TransitionNotAllowed

from kernel.errors import Conflict
from kernel.machines import sources
from ledger import operations
from ledger.models import Account, Hold, Posting
from ledger.states import ACCOUNT_VERBS, HOLD_VERBS, AccountState, HoldState
from tests.factories import ledger as make

WHY = {"actor": "system", "reason": "ordered by a court", "now": make.NOW}
DOORS = {
    "freeze": operations.freeze_account,
    "unfreeze": operations.unfreeze_account,
    "close": operations.close_account,
}
ACCOUNT_WAYS = {
    AccountState.OPEN: (),
    AccountState.FROZEN: ("freeze",),
    AccountState.CLOSED: ("close",),
}


@pytest.mark.django_db
@pytest.mark.parametrize("state", list(AccountState))
@pytest.mark.parametrize("verb", list(ACCOUNT_VERBS))
def test_an_account_obeys_its_table_of_verbs(state: AccountState, verb: str) -> None:
    account_id = make.account(make.company())
    for step in ACCOUNT_WAYS[state]:
        DOORS[step](account_id=account_id, **WHY)
    if state in ACCOUNT_VERBS[verb].sources:
        DOORS[verb](account_id=account_id, **WHY)
        expected = ACCOUNT_VERBS[verb].target
    else:
        with pytest.raises(Conflict) as refused:
            DOORS[verb](account_id=account_id, **WHY)
        assert refused.value.code == "ledger.wrong_account_state"
        expected = state
    assert Account.objects.get(pk=account_id).state == expected


def _consume(key: str, source: int, target: int) -> None:
    reference = f"T{Posting.objects.count()}"
    make.transfer(reference, source, target, 10, hold_key=key)


def _release(key: str, source: int, target: int) -> None:
    make.act(operations.release_hold, key=key)


HOLD_ACTS = {"consume": _consume, "release": _release}
HOLD_WAYS = {
    HoldState.HELD: (),
    HoldState.CONSUMED: ("consume",),
    HoldState.RELEASED: ("release",),
}


@pytest.mark.django_db
@pytest.mark.req("LIM-2")
@pytest.mark.parametrize("state", list(HoldState))
@pytest.mark.parametrize("verb", list(HOLD_VERBS))
def test_a_hold_obeys_its_table_of_verbs(state: HoldState, verb: str) -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    make.act(operations.place_hold, account_id=source, money=make.twd(10), key="R1")
    for step in HOLD_WAYS[state]:
        HOLD_ACTS[step]("R1", source, target)
    held_before = make.stored(source)
    if state in HOLD_VERBS[verb].sources:
        HOLD_ACTS[verb]("R1", source, target)
        expected = HOLD_VERBS[verb].target
    else:
        with pytest.raises(Conflict):
            HOLD_ACTS[verb]("R1", source, target)
        expected = state
        assert make.stored(source) == held_before
    assert Hold.objects.get(key="R1").state == expected


@pytest.mark.parametrize("state", list(AccountState))
@pytest.mark.parametrize("verb", list(ACCOUNT_VERBS))
def test_the_stored_account_knows_the_same_machine(state: AccountState, verb: str) -> None:
    account = Account(state=state)
    if state in sources(ACCOUNT_VERBS, verb):
        getattr(account, verb)()
        assert account.state == ACCOUNT_VERBS[verb].target
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(account, verb)()


@pytest.mark.parametrize("state", list(HoldState))
@pytest.mark.parametrize("verb", list(HOLD_VERBS))
def test_the_stored_hold_knows_the_same_machine(state: HoldState, verb: str) -> None:
    hold = Hold(state=state)
    if state in sources(HOLD_VERBS, verb):
        getattr(hold, verb)()
        assert hold.state == HOLD_VERBS[verb].target
    else:
        with pytest.raises(TransitionNotAllowed):
            getattr(hold, verb)()
