"""Every verb from every state, for every machine of the house, by the models' own methods."""

from __future__ import annotations

import inspect
import keyword
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

import pytest
from django.apps import apps
from django.db import models
from django_fsm import FSMField, FSMModelMixin, TransitionNotAllowed, can_proceed

from alerts.models import Message
from alerts.states import MESSAGE_VERBS, MessageState
from approvals.models import Request
from approvals.states import REQUEST_VERBS, Act, RequestState
from branch_ops.models import EquipmentRequisition, FeeItem
from branch_ops.states import FEE_VERBS, REQUISITION_VERBS, FeeState, RequisitionState
from certificates.models import Card, Certificate, CertificateAuthority, Letter
from certificates.policies import SUSPENSIONS_MOST
from certificates.states import (
    AUTHORITY_VERBS,
    CARD_VERBS,
    CERTIFICATE_VERBS,
    LETTER_VERBS,
    AuthorityState,
    CardState,
    CertificateState,
    LetterState,
)
from identity.models import Company, Grant, Unit, User
from identity.states import STANDING_VERBS, USER_VERBS, StandingState, UserState
from kernel.machines import Table, sources
from ledger.models import Account, Hold
from ledger.states import ACCOUNT_VERBS, HOLD_VERBS, AccountState, HoldState
from transfers.models import Reservation
from transfers.states import RESERVATION_VERBS, ReservationState


@dataclass(frozen=True)
class Machine:
    """Pair a model with the table it has to obey."""

    model: type[models.Model]
    table: Table
    states: type[StrEnum]


MACHINES = [
    Machine(Unit, STANDING_VERBS, StandingState),
    Machine(Company, STANDING_VERBS, StandingState),
    Machine(Grant, STANDING_VERBS, StandingState),
    Machine(User, USER_VERBS, UserState),
    Machine(Request, REQUEST_VERBS, RequestState),
    Machine(Reservation, RESERVATION_VERBS, ReservationState),
    Machine(Account, ACCOUNT_VERBS, AccountState),
    Machine(Hold, HOLD_VERBS, HoldState),
    Machine(Message, MESSAGE_VERBS, MessageState),
    Machine(Certificate, CERTIFICATE_VERBS, CertificateState),
    Machine(Letter, LETTER_VERBS, LetterState),
    Machine(Card, CARD_VERBS, CardState),
    Machine(CertificateAuthority, AUTHORITY_VERBS, AuthorityState),
    Machine(FeeItem, FEE_VERBS, FeeState),
    Machine(EquipmentRequisition, REQUISITION_VERBS, RequisitionState),
]
STEPS = [
    pytest.param(machine, verb, state, id=f"{machine.model.__name__}-{verb}-{state}")
    for machine in MACHINES
    for verb in machine.table
    for state in machine.states
]
PER_MACHINE = [pytest.param(machine, id=machine.model.__name__) for machine in MACHINES]


def method_name(model: type[models.Model], verb: str) -> str:
    """Return the method of a verb: the verb itself, unless Python or Django has taken the name."""
    if verb == Act.DELETE and model is Request:
        return "delete_draft"
    return f"{verb}_" if keyword.iskeyword(verb) else str(verb)


def standing_in(model: type[models.Model], state: StrEnum, verb: str) -> models.Model:
    """Return a row in a state, with the count of suspensions that the verb speaks about."""
    if verb == "suspend_finally":
        return model(state=str(state), suspensions=SUSPENSIONS_MOST)
    return model(state=str(state))


@pytest.mark.parametrize(("machine", "verb", "state"), STEPS)
def test_a_verb_leads_where_the_table_says_and_nowhere_else(
    machine: Machine, verb: str, state: StrEnum
) -> None:
    row = standing_in(machine.model, state, verb)
    act = getattr(row, method_name(machine.model, verb))
    if str(state) in sources(machine.table, verb):
        assert can_proceed(act)
        act()
        assert row.state == machine.table[verb].target
    else:
        assert not can_proceed(act)
        with pytest.raises(TransitionNotAllowed):
            act()
        assert row.state == state


@pytest.mark.parametrize("machine", PER_MACHINE)
def test_the_table_and_the_model_know_the_same_verbs(machine: Machine) -> None:
    first = next(iter(machine.states))
    found = {step.name for step in machine.model(state=str(first)).get_all_state_transitions()}
    assert found == {method_name(machine.model, verb) for verb in machine.table}


@pytest.mark.parametrize("machine", PER_MACHINE)
def test_a_state_is_never_set_by_hand(machine: Machine) -> None:
    row = machine.model(state=str(next(iter(machine.states))))
    with pytest.raises(AttributeError):
        row.state = str(list(machine.states)[-1])


@pytest.mark.parametrize("machine", PER_MACHINE)
def test_every_state_is_offered_by_the_column_and_reached_by_a_verb(machine: Machine) -> None:
    column = machine.model._meta.get_field("state")
    offered = {value for value, _label in column.choices or ()}
    assert offered == {str(state) for state in machine.states}
    first = column.get_default()
    reached = {first} | {step.target for step in machine.table.values()}
    assert {str(state) for state in reached} == offered


def test_no_machine_of_the_house_is_left_out() -> None:
    known = {machine.model for machine in MACHINES}
    found = {
        model
        for model in apps.get_models()
        if any(isinstance(field, FSMField) for field in model._meta.fields)
    }
    assert found == known
    assert all(issubclass(model, FSMModelMixin) for model in found)


def test_no_table_of_verbs_is_left_out() -> None:
    tables = [
        value
        for app in apps.get_app_configs()
        if not app.module.__file__ or "site-packages" not in app.module.__file__
        for name, value in inspect.getmembers(_states_of(app.name))
        if name.endswith("_VERBS")
    ]
    assert len(tables) == len({id(machine.table) for machine in MACHINES})


def _states_of(app: str) -> object:
    try:
        return import_module(f"{app}.states")
    except ModuleNotFoundError:
        return None
