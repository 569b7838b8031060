"""The drawings of the state machines are those of the code."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from corpbank.management.commands.write_state_diagrams import diagrams


def test_the_drawings_are_up_to_date() -> None:
    call_command("write_state_diagrams", "--check")


def test_every_room_with_states_is_drawn() -> None:
    rooms = {path.parent.name for path in Path(settings.BASE_DIR).glob("*/states.py")}
    assert {name.split(".")[0] for name in diagrams()} - {"README"} == rooms


def test_a_drawing_names_verbs_and_final_states() -> None:
    page = diagrams()["approvals.request.md"]
    assert "[*] --> DRAFT" in page
    assert "PENDING --> RELEASED: release" in page
    assert "RELEASED --> [*]" in page
    assert "PENDING --> [*]" not in page


def test_a_drawing_that_is_not_so_is_found_and_mended(tmp_path: Path) -> None:
    folder = f"--folder={tmp_path}"
    call_command("write_state_diagrams", folder, stdout=StringIO())
    (tmp_path / "approvals.request.md").write_text("# another\n")
    (tmp_path / "gone.machine.md").write_text("# gone\n")
    with pytest.raises(CommandError, match=r"approvals\.request\.md, gone\.machine\.md"):
        call_command("write_state_diagrams", folder, "--check")
    output = StringIO()
    call_command("write_state_diagrams", folder, stdout=output)
    assert output.getvalue().split() == ["approvals.request.md", "gone.machine.md"]
    call_command("write_state_diagrams", folder, "--check")
