"""Every command says what it is for, and operators find it in the book."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from identity.models import User

PROJECT = Path(__file__).resolve().parents[2]
# For developers and the demo; not for operators.
INSIDE = {"load_demo", "write_state_diagrams", "createsuperuser"}


def own_commands() -> dict[str, str]:
    """Return the house's own commands with their apps."""
    return {
        name: app
        for name, app in get_commands().items()
        if (PROJECT / str(app) / "management" / "commands" / f"{name}.py").exists()
    }


@pytest.mark.req("OPS-1")
def test_every_command_says_what_it_is_for() -> None:
    helps = {name: load_command_class(app, name).help for name, app in own_commands().items()}
    assert len(helps) >= 8
    assert [name for name, text in helps.items() if not text.strip()] == []


@pytest.mark.req("OPS-1")
def test_every_command_of_operators_is_in_their_book() -> None:
    book = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    missing = [name for name in own_commands().keys() - INSIDE if f"| `{name}" not in book]
    assert missing == []


@pytest.mark.req("DEL-1")
def test_there_is_no_superuser_and_no_command_to_make_one() -> None:
    assert User.is_superuser is False
    with pytest.raises(CommandError, match="no superusers"):
        call_command("createsuperuser", "--no-input")
