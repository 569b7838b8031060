"""What the staff window shows to whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import site
from django.test import RequestFactory

from identity import operations as identity
from identity.models import Unit
from ledger.admin import AccountAdmin, AccountRightAdmin, HoldInline, LegInline, PostingAdmin
from ledger.models import Account, AccountRight, Hold, Leg, Posting
from tests.factories import ledger as make

pytestmark = pytest.mark.django_db


def unit(code: str, kind: str) -> Unit:
    return make.act(identity.open_unit, code=code, name=code, kind=kind, parent=None)


@pytest.mark.req("DUAL-6")
def test_a_branch_sees_its_own_customers_accounts_and_the_bank_sees_all() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    make.transfer("T1", source, target, 5)
    theirs = make.person(owner.branch, "branch.clerk1")
    elsewhere = make.person(unit("0022", Unit.Kind.BRANCH), "branch.clerk2")
    central = make.person(unit("IT", Unit.Kind.IT), "it.clerk1")

    def seen(actor: Any) -> tuple[int, int]:
        accounts = AccountAdmin(Account, site).visible(actor, Account.objects.all())
        postings = PostingAdmin(Posting, site).visible(actor, Posting.objects.all())
        return accounts.count(), postings.count()

    assert seen(theirs) == (2, 2)
    assert seen(elsewhere) == (0, 0)
    assert seen(central) == (3, 2)
    rights = AccountRightAdmin(AccountRight, site)
    assert rights.visible(elsewhere, AccountRight.objects.all()).count() == 0


def test_rows_within_a_page_are_shown_and_never_changed() -> None:
    request = RequestFactory().get("/")
    for inline, parent in ((LegInline, Posting), (HoldInline, Account)):
        shown = inline(parent, site)
        assert shown.has_view_permission(request)
        assert not shown.has_add_permission(request)
        assert not shown.has_change_permission(request)
        assert not shown.has_delete_permission(request)
    assert LegInline(Posting, site).model is Leg
    assert HoldInline(Account, site).model is Hold
