"""Bring the catalogue up to date: add what the code says and nobody has translated, drop the rest.

    python tools/messages.py           add new texts with an empty translation, drop unused ones
    python tools/messages.py --check   change nothing; print what is missing and exit 1

A text with an empty translation is a task for a translator: open the catalogue, look for
``msgstr ""``. `make messages` compiles the catalogue. GNU gettext is not needed.
"""

import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parents[1]
CATALOGUE = PROJECT / "locale" / "zh_Hant" / "LC_MESSAGES" / "django.po"
# What is called to have a text translated, and which of its arguments are texts.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "translatable": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
ASIDE = {
    ".venv",
    ".local",
    ".git",
    "node_modules",
    "static",
    "staticfiles",
    "tests",
    "bench",
    "tools",
}
HOLE = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
Key = tuple[str | None, str]


@dataclass
class Text:
    """Carry one text of the source: its plural, if it has one, and where it is said."""

    plural: str | None = None
    places: list[str] = field(default_factory=list)


def source_texts(project: Path = PROJECT) -> dict[Key, Text]:
    """Return every text of Python files and templates by context and text."""
    found: dict[Key, Text] = {}
    for path in _sources(project):
        content = path.read_text("utf-8")
        if path.suffix != ".py":
            content = templatize(content, origin=str(path))
        for context, singular, plural, line in _extract(content):
            text = found.setdefault((context, singular), Text(plural))
            text.plural = text.plural or plural
            text.places.append(f"{path.relative_to(project)}:{line}")
    return found


def faults(texts: dict[Key, Text], catalogue: Catalog) -> list[str]:
    """Return what keeps the catalogue from being complete and true, one sentence each."""
    said = {_key(message): message for message in catalogue if message.id}
    wrong = [
        f"not in the catalogue: {_shown(key)} ({texts[key].places[0]})"
        for key in texts.keys() - said.keys()
    ]
    wrong += [f"no longer said anywhere: {_shown(key)}" for key in said.keys() - texts.keys()]
    wrong += [f"obsolete entry: {message.id!r}" for message in catalogue.obsolete.values()]
    for key in texts.keys() & said.keys():
        translation = said[key].string
        forms = translation if isinstance(translation, tuple | list) else (translation,)
        if not all(forms):
            wrong.append(f"not translated: {_shown(key)}")
        elif said[key].fuzzy:
            wrong.append(f"only guessed (fuzzy): {_shown(key)}")
        elif _holes(said[key].id) != _holes(translation):
            wrong.append(f"other placeholders in the translation: {_shown(key)}")
    return sorted(wrong)


def read_catalogue(path: Path = CATALOGUE) -> Catalog:
    """Return the catalogue. Raises PoFileError where it cannot be read."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def bring_up_to_date(texts: dict[Key, Text], catalogue: Catalog) -> Catalog:
    """Return a catalogue of exactly these texts, with the translations that were there."""
    said = {_key(message): message for message in catalogue if message.id}
    fresh = Catalog(locale=catalogue.locale, header_comment=catalogue.header_comment, fuzzy=False)
    fresh.mime_headers = catalogue.mime_headers
    for key in [key for key in said if key in texts] + [key for key in texts if key not in said]:
        context, singular = key
        plural = texts[key].plural
        old = said.get(key)
        fresh.add(
            (singular, plural) if plural else singular,
            _carried(old, plural) if old else "",
            user_comments=old.user_comments if old else (),
            context=context,
        )
    return fresh


def _carried(old: Message, plural: str | None) -> str | tuple[str, ...]:
    forms = old.string if isinstance(old.string, tuple | list) else (old.string,)
    return tuple(map(str, forms)) if plural else str(forms[0])


def _sources(project: Path) -> Iterator[Path]:
    for path in sorted(project.rglob("*")):
        inside = path.relative_to(project).parts
        if ASIDE & set(inside) or not path.is_file():
            continue
        if path.suffix == ".py" or ("templates" in inside and path.suffix in {".html", ".txt"}):
            yield path


def _extract(content: str) -> Iterator[tuple[str | None, str, str | None, int]]:
    stream = io.BytesIO(content.encode("utf-8"))
    for line, keyword, said, _ in extract_python(stream, list(KEYWORDS), [], {"encoding": "utf-8"}):
        texts = said if isinstance(said, tuple) else (said,)
        context = None
        if "pgettext" in str(keyword):
            context, *rest = texts
            texts = tuple(rest)
        if texts and texts[0]:
            plural = texts[1] if str(keyword).startswith("n") else None
            yield context, texts[0], plural, line


def _key(message: Message) -> Key:
    singular = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return message.context, singular


def _holes(texts: object) -> set[str]:
    """Return the placeholders; of a singular and its plural the union, as translations keep it."""
    forms = texts if isinstance(texts, tuple | list) else (texts,)
    return {hole for form in forms for hole in HOLE.findall(str(form).replace("%%", ""))}


def _shown(key: Key) -> str:
    context, singular = key
    return f"{singular!r}" + (f" [{context}]" if context else "")


def main() -> int:
    """Do what the first argument asks for."""
    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()
    texts, catalogue = source_texts(), read_catalogue()
    wrong = faults(texts, catalogue)
    if "--check" not in sys.argv[1:]:
        fresh = io.BytesIO()
        write_po(fresh, bring_up_to_date(texts, catalogue), width=0, no_location=True)
        CATALOGUE.write_bytes(fresh.getvalue())
    print("\n".join(wrong) or "Every text is translated.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
