"""Draw every state machine of the house into docs/states."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kernel.machines import Table, Verb, mermaid

ENDING = "_VERBS"


class Command(BaseCommand):
    """Write one page per machine; with --check change nothing and exit 1 where a page is not so."""

    help = "Draw every state machine into docs/states. --check only compares; exit 1 when not so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, only compare")
        usual = Path(settings.BASE_DIR) / "docs" / "states"
        parser.add_argument("--folder", type=Path, default=usual, help="where the drawings are")

    def handle(self, *args: object, **options: object) -> None:
        folder = Path(str(options["folder"]))
        wanted = diagrams()
        found = {path.name: path.read_text("utf-8") for path in folder.glob("*.md")}
        different = sorted(
            name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
        )
        if options["check"]:
            if different:
                raise CommandError(f"not as the code says: {', '.join(different)}", returncode=1)
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name in different:
            if name in wanted:
                (folder / name).write_text(wanted[name], "utf-8")
            else:
                (folder / name).unlink()
            self.stdout.write(name)


def diagrams() -> dict[str, str]:
    """Return the pages by file name: one per machine, and the list of them."""
    pages = {f"{app}.{name}.md": _page(app, name, table) for app, name, table in machines()}
    listed = "".join(f"* [{name.removesuffix('.md')}]({name})\n" for name in sorted(pages))
    note = "Written by `manage.py write_state_diagrams`; change `states.py` instead."
    return {"README.md": f"# State machines\n\n{note}\n\n{listed}", **pages}


def machines() -> Iterator[tuple[str, str, Table]]:
    """Yield app, name and table of verbs of every machine in the house's own `states.py`."""
    for config in apps.get_app_configs():
        own = Path(config.path).parent == Path(settings.BASE_DIR)
        if not own or find_spec(f"{config.name}.states") is None:
            continue
        module = import_module(f"{config.name}.states")
        for constant, table in vars(module).items():
            if constant.endswith(ENDING) and isinstance(table, Mapping):
                yield config.name, constant.removesuffix(ENDING).lower(), table


def _page(app: str, name: str, table: Mapping[str, Verb]) -> str:
    """Return one machine's page; its first state is the first its vocabulary names."""
    states = type(next(iter(table.values())).target)
    drawing = mermaid(table, states, next(iter(states)))
    note = f"Written by `manage.py write_state_diagrams`; change `{app}/states.py` instead."
    return f"# {app}: {name}\n\n{note}\n\n```mermaid\n{drawing}```\n"
