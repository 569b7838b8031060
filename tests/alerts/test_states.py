"""Every verb from every state."""

import pytest
from django_fsm import TransitionNotAllowed, can_proceed

from alerts.models import Message
from alerts.states import MESSAGE_VERBS, MessageState


@pytest.mark.parametrize("state", list(MessageState))
@pytest.mark.parametrize("verb", list(MESSAGE_VERBS))
def test_verb_leads_where_the_table_says_and_nowhere_else(verb: str, state: MessageState) -> None:
    message = Message(state=state.value)
    step = MESSAGE_VERBS[verb]
    act = getattr(message, verb)
    if state in step.sources:
        act()
        assert message.state == step.target
    else:
        assert not can_proceed(act)
        with pytest.raises(TransitionNotAllowed):
            act()


def test_every_transition_of_the_model_stands_in_the_table() -> None:
    names = {found.name for found in Message(state="PENDING").get_all_state_transitions()}
    assert names == set(MESSAGE_VERBS)


def test_delivered_is_final() -> None:
    assert not any(MessageState.DELIVERED in step.sources for step in MESSAGE_VERBS.values())


def test_state_is_not_set_by_hand() -> None:
    message = Message(state="PENDING")
    with pytest.raises(AttributeError):
        message.state = "DELIVERED"
