"""What people of the bank type is kept on their own site, too (SES-1)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from identity.models import FormDraft
from identity.operations import keep_draft
from identity.policies import Factor
from kernel import clock
from tests.factories.http import Browser
from tests.factories.world import World

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("staff_site"),
    pytest.mark.req("SES-1"),
]


def test_a_draft_of_the_staff_site_comes_back_to_its_own_person(world: World) -> None:
    teller, colleague = Browser.officer(world, "branch001"), Browser.officer(world, "branch003")
    message = {"path": "/fees/1/waiver/", "fields": {"reason": ["客戶申請"]}}
    sent = teller.client.post(
        reverse("staff:draft"), message, content_type="application/json",
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert sent.json() == {"ok": True}
    for person, kept in ((teller, {message["path"]: message["fields"]}), (colleague, {})):
        answer = person.client.get(reverse("staff:draft"), {"path": message["path"]})
        assert answer.json()["drafts"] == kept
    assert FormDraft.objects.get().user == teller.holder.user


def test_every_page_of_the_staff_site_carries_the_warning_and_the_keeper(world: World) -> None:
    teller = Browser.officer(world, "branch001")
    for address in (reverse("admin:index"), reverse("approvals:inbox")):
        page = teller.client.get(address).content.decode()
        assert "data-idle-seconds" in page, address
        assert f'data-url="{reverse("staff:draft")}"' in page, address


@pytest.mark.req("AUTH-1")
@pytest.mark.parametrize(
    "name", ["approvals:inbox", "staff:draft", "staff:second_factor", "set_language"]
)
def test_a_password_alone_neither_writes_nor_ends_the_owners_drafts(
    world: World, name: str
) -> None:
    form, typed = "/fees/1/waiver/", {"reason": ["客戶申請"]}
    half_in = Browser.officer(world, "branch001", factor=Factor.PASSWORD)
    keep_draft(actor=half_in.holder.user, path=form, fields=typed, now=clock.now())
    for path in (form, "/other/"):
        half_in.post(
            name, draft=path, draft_fields="reason", reason="changed", language="en", next="/"
        )
    rows = FormDraft.objects.values_list("path", "fields")
    assert list(rows) == [(form, typed)]
