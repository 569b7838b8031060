"""What the demo's bank says at its door, made anew where nothing stands (KEY-3)."""

from __future__ import annotations

import pytest
from django.db import transaction

from alerts.queries import contact_lines, publication, publications, sign_in_notices
from corpbank.demo.publications import load_publications
from kernel import clock
from tests.factories.pdf import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("KEY-3")]


def test_the_demo_publishes_once_and_in_both_languages() -> None:
    now = clock.now()
    with transaction.atomic():
        assert load_publications(now)
        assert not load_publications(now)
    assert [file.kind for file in publications("en")] == ["MANUAL", "AGREEMENT"]
    for language in ("zh-hant", "en"):
        assert len(sign_in_notices(language, now=now)) == 3
        assert len(contact_lines(language)) == 2


@pytest.mark.parametrize(
    ("place", "words"),
    [(0, ["首次使用", "卡片遺失", "忘記密碼"]), (1, ["雙人覆核", "客戶原留印鑑"])],
)
def test_the_papers_say_what_they_are_for(place: int, words: list[str]) -> None:
    now = clock.now()
    with transaction.atomic():
        load_publications(now)
    said = text_of(publication(publications("en")[place].sha256).content)
    assert [word for word in words if word not in said] == []
