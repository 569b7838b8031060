"""Compile the message catalogues: ``python -m corpbank.messages``. Needs no GNU gettext."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

PROJECT = Path(__file__).resolve().parents[1]


def compile_catalogues(project: Path = PROJECT) -> list[Path]:
    """Compile each catalogue that is newer than its compiled form; return those compiled.

    Raises PoFileError when a catalogue cannot be read.
    """
    compiled = []
    for source in sorted(project.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parts[-3], abort_invalid=True)
        # Written aside and renamed: another process may be reading the old one at this moment.
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as file:
            write_mo(file, catalogue)
        fresh.replace(target)
        compiled.append(target)
    return compiled


def main() -> int:
    """Compile what has changed and say what that was."""
    try:
        for path in compile_catalogues():
            sys.stdout.write(f"Compiled {path.relative_to(PROJECT)}\n")
    except PoFileError as error:
        sys.stderr.write(f"A message catalogue cannot be read: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
