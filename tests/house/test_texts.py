"""Every text people read is in the catalogue, and is translated."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.house.tree import PROJECT, own_files
from tools.messages import Text, bring_up_to_date, faults, read_catalogue, source_texts

COMMENT = re.compile(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}|<!--.*?-->", re.DOTALL)
BLOCK = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
PLACE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
# Style names that a page hands to its frame, and attributes that a part hands to its tag.
CLASSES = re.compile(r"{%\s*block \w*(?:class|coltype)\w*\s*%}.*?{%\s*endblock\b.*?%}", re.DOTALL)
ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')
TAG = re.compile(r"<[^>]*>", re.DOTALL)
ENTITY = re.compile(r"&\w+;")
WORD = re.compile(r"[^\W\d_]{2,}")
# Names that are the same in every language.
NAMES = {"TWD", "CSV", "PDF", "openssl", "繁體中文", "中文", "English"}


def test_every_text_is_translated() -> None:
    assert faults(source_texts(), read_catalogue()) == []


def test_no_page_says_a_word_that_cannot_be_translated() -> None:
    bare = {
        str(path.relative_to(PROJECT)): words
        for path in own_files()
        if path.suffix == ".html" and "templates" in path.parts and (words := _bare_words(path))
    }
    assert bare == {}


def _bare_words(path: Path) -> set[str]:
    text = path.read_text("utf-8")
    for pattern in (COMMENT, BLOCK, CLASSES, PLACE, TAG, ATTRIBUTE, ENTITY):
        text = pattern.sub(" ", text)
    return set(WORD.findall(text)) - NAMES


@pytest.mark.parametrize(
    ("said", "translation", "sentence"),
    [
        ("Sent %(n)s", None, "not in the catalogue: 'Sent %(n)s' (a.py:1)"),
        ("Sent %(n)s", "", "not translated: 'Sent %(n)s'"),
        ("Sent %(n)s", "已送出", "other placeholders in the translation: 'Sent %(n)s'"),
        (None, "已送出", "no longer said anywhere: 'Sent %(n)s'"),
    ],
)
def test_a_text_that_is_not_translated_is_named(
    said: str | None, translation: str | None, sentence: str
) -> None:
    texts = {(None, said): Text(None, ["a.py:1"])} if said else {}
    catalogue = Catalog(locale="zh_Hant")
    if translation is not None:
        catalogue.add("Sent %(n)s", translation)
    assert faults(texts, catalogue) == [sentence]


def test_bringing_up_to_date_keeps_translations_and_leaves_gaps_to_fill() -> None:
    catalogue = Catalog(locale="zh_Hant")
    catalogue.add("Sign in", "登入")
    catalogue.add("Gone", "不在了")
    texts = {(None, "Sign in"): Text(None, ["a.py:1"]), (None, "Sign out"): Text(None, ["a.py:2"])}
    fresh = bring_up_to_date(texts, catalogue)
    assert {message.id: message.string for message in fresh if message.id} == {
        "Sign in": "登入",
        "Sign out": "",
    }
    assert faults(texts, fresh) == ["not translated: 'Sign out'"]
