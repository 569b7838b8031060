"""Which core host keeps the accounts is a setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ledger import gateways
from tests.factories import ledger as make

pytestmark = pytest.mark.req("TRF-3")


@pytest.fixture
def recorder(settings: Any) -> Iterator[gateways.RecordingCoreHost]:
    host = gateways.RecordingCoreHost()
    gateways.register("recording", host)
    settings.CORE_HOST = "recording"
    yield host
    del gateways._hosts["recording"]


@pytest.mark.django_db
def test_the_embedded_ledger_is_the_default_and_does_what_the_operations_do() -> None:
    host = gateways.core_host()
    owner = make.company()
    source, target = make.account(owner, 100, number="000000000001"), make.account(owner)
    make.act(host.place_hold, account_id=source, money=make.twd(60), key="R1")
    make.act(host.place_hold, account_id=source, money=make.twd(30), key="R2")
    make.act(host.release_hold, key="R2")
    make.act(
        host.post, reference="T1", kind="TRANSFER", value_date=make.TODAY, narrative="",
        legs=make.legs(source, target, 60), hold_key="R1",
    )  # fmt: skip
    make.act(host.reverse, reference="T2", of_reference="T1", narrative="", value_date=make.TODAY)
    found = host.account("000000000001")
    assert found is not None
    assert (found.balance, found.held) == (100, 0)


def test_another_host_is_chosen_by_its_name(recorder: gateways.RecordingCoreHost) -> None:
    host = gateways.core_host()
    host.place_hold(account_id=1, money=make.twd(5), key="R1", now=make.NOW)
    host.release_hold(key="R1", now=make.NOW)
    first = host.post(
        reference="T1", kind="TRANSFER", value_date=make.TODAY, narrative="",
        legs=make.legs(1, 2, 5), hold_key=None, now=make.NOW,
    )  # fmt: skip
    second = host.reverse(
        reference="T2", of_reference="T1", narrative="", value_date=make.TODAY, now=make.NOW
    )
    assert first != second
    assert host.account("000000000001") is None
    assert [name for name, _ in recorder.calls] == ["place_hold", "release_hold", "post", "reverse"]
    assert recorder.calls[2][1]["reference"] == "T1"


def test_a_host_nobody_registered_is_refused(settings: Any) -> None:
    settings.CORE_HOST = "nowhere"
    with pytest.raises(ImproperlyConfigured, match="nowhere"):
        gateways.core_host()
