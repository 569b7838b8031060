"""The certificate counter in the browser: every job, for whom it is and for whom it is not."""

from __future__ import annotations

import pytest
from django.urls import reverse

from branch_ops.queries.jobs import Job
from tests.branch_ops.counter_stories import (
    CHECKER,
    HEAD_OFFICE,
    MAKER,
    OTHER_MAKER,
    STRANGER,
    Counter,
    certificate_of,
    propose,
)
from tests.factories.counting import counted_statements
from tests.factories.http import Browser, words_of
from tests.factories.world import World

pytestmark = [
    pytest.mark.req("CERT-7"), pytest.mark.django_db, pytest.mark.usefixtures("staff_site"),
]  # fmt: skip
JOBS = [
    "Query certificates", "Apply for a new certificate", "Set the usage scope", "Suspend at once",
    "Lift the suspension", "Revoke", "Reprint the letter", "Fees: inquiry and collection", "Stock",
    "Consumption", "Requisition", "Equipment history",
]  # fmt: skip


@pytest.fixture
def counter(world: World) -> Counter:
    """Return the counter of the first branch."""
    return Counter(world)


def maker(world: World, login: str = MAKER) -> Browser:
    """Return a maker's browser, reading English."""
    return Browser.officer(world, login, english=True)


class TestSearch:
    """Finding certificates."""

    def test_it_finds_by_company_holder_and_state(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        link = f'href="{reverse("counter:certificate", args=[certificate.pk])}"'
        browser = maker(world)
        for asked, finds in (
            ({}, True),
            ({"company": "22099131"}, True),
            ({"company": "大同"}, True),
            ({"company": "新竹"}, False),
            ({"holder": "王大同"}, True),
            ({"holder": "nobody"}, False),
            ({"state": "ACTIVE"}, True),
            ({"state": "SUSPENDED"}, False),
            ({"state": "nonsense"}, True),
            ({"serial": "zz-not-there"}, False),
        ):
            page = browser.get("counter:certificates", **asked)
            assert (link in page.content.decode()) is finds, asked

    def test_it_finds_by_serial_and_user_number(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        number = world.first.people["release1"].public_id
        browser = maker(world)
        for asked in (
            {"serial": str(certificate.serial_number)},
            {"serial": f" {str(certificate.serial_number)[:10]} "},
            {"holder": number},
            {"holder": number.lower()},
        ):
            page = browser.get("counter:certificates", **asked)
            assert str(certificate.serial_number) in words_of(page)
            assert "1 found" in words_of(page)

    def test_a_branch_finds_its_own_customers_certificates_alone(self, world: World) -> None:
        own = certificate_of(world.holder("release1"))
        foreign = certificate_of(world.holder("release1", world.second))
        said = words_of(maker(world).get("counter:certificates"))
        assert str(own.serial_number) in said
        assert str(foreign.serial_number) not in said
        said = words_of(maker(world, HEAD_OFFICE).get("counter:certificates"))
        assert str(own.serial_number) in said
        assert str(foreign.serial_number) in said

    def test_pages_follow_each_other_and_keep_the_filter(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("branch_ops.queries.counter.find_certificates.__kwdefaults__",
                            {"cursor": "", "limit": 2})  # fmt: skip
        for login in ("release1", "release2", "review1a"):
            world.holder(login)
        browser = maker(world)
        first = browser.get("counter:certificates", company="22099131")
        found = first.context["page"]
        assert "company=22099131" in found["paging"]["next_url"]
        second = browser.client.get(found["paging"]["next_url"])
        shown = {row.id for _, row in found["rows"]}
        assert shown.isdisjoint({row.id for _, row in second.context["page"]["rows"]})
        assert second.context["page"]["paging"]["first_url"]

    @pytest.mark.parametrize("login", [CHECKER, "auditor001", HEAD_OFFICE])
    def test_others_of_the_bank_may_look(self, world: World, login: str) -> None:
        page = maker(world, login).get("counter:certificates")
        assert page.status_code == 200
        assert "Apply for a certificate" not in words_of(page).replace(
            "Apply for a certificate: ", ""
        )

    def test_whoever_has_no_business_there_is_turned_away(self, world: World) -> None:
        world.staff["branch011"].grants.all().delete()
        assert maker(world, CHECKER).get("counter:certificates").status_code == 403

    def test_the_number_of_statements_does_not_grow_with_the_rows(self, world: World) -> None:
        for login in ("release1", "release2", "review1a"):
            world.holder(login)
        browser = maker(world)
        counts = []
        for asked in ({"holder": "王大同"}, {"company": "22099131"}):
            with counted_statements() as sent:
                page = browser.get("counter:certificates", **asked)
            counts.append((len(page.context["page"]["rows"]), len(sent)))
        assert counts[0][0] == 1
        assert counts[1][0] >= 3
        assert counts[0][1] == counts[1][1]


class TestCertificate:
    """One certificate with its jobs."""

    def test_it_shows_every_job_of_the_counter(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        said = words_of(maker(world).get("counter:certificate", certificate.pk))
        assert [job for job in JOBS if job not in said] == []
        assert "In force: the holder can sign with it." in said

    def test_each_job_leads_on_or_says_why_not(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world)
        page = browser.get("counter:certificate", certificate.pk)
        panels = [panel for group in page.context["page"]["groups"] for panel in group.jobs]
        assert [panel.label for panel in panels if bool(panel.url) == bool(panel.why_not)] == []
        for panel in panels:
            if panel.url:
                assert browser.client.get(panel.url).status_code == 200, panel.label
        reasons = {panel.label: panel.why_not for panel in panels}
        assert reasons["Lift the suspension"] == "It is not suspended."
        assert reasons["Print the letter"] == "There is no letter to print."

    @pytest.mark.parametrize("login", [CHECKER, "auditor001", HEAD_OFFICE])
    def test_who_may_not_propose_reads_why(self, world: World, login: str) -> None:
        certificate = certificate_of(world.holder("release1"))
        page = maker(world, login).get("counter:certificate", certificate.pk)
        groups = page.context["page"]["groups"]
        reasons = {panel.label: panel.why_not for group in groups for panel in group.jobs}
        for label in ("Set the usage scope", "Revoke", "Apply for a new certificate"):
            assert reasons[label] == "Your role does not include this."

    def test_the_step_after_each_state_is_said(self, world: World, counter: Counter) -> None:
        browser = maker(world, OTHER_MAKER)
        certificate = counter.applied(paid=False)
        said = words_of(browser.get("counter:certificate", certificate.pk))
        assert "The fee is due." in said
        counter.settle(certificate)
        said = words_of(browser.get("counter:certificate", certificate.pk))
        assert "The letter waits to be printed." in said
        counter.stationery()
        assert browser.post("counter:letter", certificate.pk).status_code == 200
        said = words_of(browser.get("counter:certificate", certificate.pk))
        assert "The holder takes the card into use with the letter by" in said
        assert "Printed on" in said

    @pytest.mark.req("DUAL-5")
    def test_it_shows_the_request_that_is_open_on_it(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        reference = propose(world, "certificates.revocation", certificate, cause="SUPERSEDED")
        browser = maker(world)
        said = words_of(browser.get("counter:certificate", certificate.pk))
        assert f"Request {reference} on this certificate has to be decided first." in said
        assert reference in words_of(browser.get("counter:certificates"))

    def test_a_branch_knows_no_certificate_of_another(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world, STRANGER)
        names = ["certificate", *(str(job) for job in Job if job != Job.APPLICATION)]
        for name in names:
            assert browser.get(f"counter:{name}", certificate.pk).status_code == 404, name
            if name != "certificate":
                sent = browser.post(f"counter:{name}", certificate.pk, reason="x")
                assert sent.status_code == 404, name
        number = world.first.people["release1"].public_id
        assert browser.get("counter:application", number).status_code == 404

    def test_the_number_of_statements_does_not_grow_with_letters_fees_and_events(
        self, world: World, counter: Counter
    ) -> None:
        certificate = counter.printed()
        browser = maker(world, CHECKER)
        counts = []
        for _ in range(2):
            with counted_statements() as sent:
                page = browser.get("counter:certificate", certificate.pk)
            counts.append((len(page.context["page"]["letters"]), len(sent)))
            counter.release(propose(world, "certificates.reprint", certificate, cause="LOST"))
            counter.settle(certificate)
            assert browser.post("counter:letter", certificate.pk).status_code == 200
        assert [rows for rows, _ in counts] == [1, 2]
        assert counts[0][1] == counts[1][1]


def test_every_page_reads_in_chinese(world: World, counter: Counter) -> None:
    certificate = counter.printed()
    browser = Browser.officer(world, MAKER)
    number = world.first.people["release1"].public_id
    pages = [
        browser.get("counter:certificates"),
        browser.get("counter:people", company="22099131"),
        browser.get("counter:application", number),
        *(
            browser.get(f"counter:{name}", certificate.pk)
            for name in ("certificate", *(str(job) for job in Job if job != Job.APPLICATION))
        ),
    ]
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert "憑證櫃檯" in words_of(pages[0])
