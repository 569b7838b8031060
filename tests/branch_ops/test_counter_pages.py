"""The certificate counter in the browser: every job, for whom it is and for whom it is not."""

from __future__ import annotations

import pytest
from django.urls import reverse

from approvals import operations as approvals
from approvals.models import Request
from branch_ops.queries.jobs import Job
from certificates.models import Certificate
from kernel import ids
from tests.branch_ops.counter_stories import (
    CHECKER,
    HEAD_OFFICE,
    MAKER,
    OTHER_MAKER,
    STRANGER,
    Counter,
    certificate_of,
    lifted_twice,
    proposed,
    send,
)
from tests.branch_ops.test_counter_subjects import propose, suspended
from tests.factories.counting import counted_statements
from tests.factories.http import Browser, form_to, form_with, words_of
from tests.factories.world import World, submit

pytestmark = [
    pytest.mark.req("CERT-7"), pytest.mark.django_db, pytest.mark.usefixtures("staff_site"),
]  # fmt: skip
JOBS = [
    "Query certificates", "Apply for a new certificate", "Set the usage scope", "Suspend at once",
    "Lift the suspension", "Revoke", "Reprint the letter", "Fees: inquiry and collection", "Stock",
    "Consumption", "Requisition", "Equipment history",
]  # fmt: skip
# The jobs that are proposed, with what their forms ask for.
TYPED: dict[str, dict[str, str]] = {
    "scope": {"reason": "Asked in writing.", "amount_cap": "1,000,000"},
    "unsuspension": {"reason": "Card found again."},
    "revocation": {"reason": "Left the company.", "cause": "AFFILIATION_CHANGED"},
    "reprint": {"reason": "Paper jam.", "cause": "PRINTER"},
    "withdrawal": {"reason": "Not wanted any more."},
}


@pytest.fixture
def counter(world: World) -> Counter:
    """Return the counter of the first branch."""
    return Counter(world)


def maker(world: World, login: str = MAKER) -> Browser:
    """Return a maker's browser, reading English."""
    return Browser.officer(world, login, english=True)


def fit_for(job: str, world: World, counter: Counter) -> Certificate:
    """Return a certificate to which this can be done."""
    if job == "unsuspension":
        return suspended(world)
    if job in ("reprint", "withdrawal"):
        return counter.printed()
    return certificate_of(world.holder("release1"))


class TestSearch:
    """Finding certificates."""

    @pytest.mark.parametrize(
        ("asked", "finds"),
        [
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
        ],
    )
    def test_it_finds_by_company_holder_and_state(
        self, world: World, asked: dict[str, str], finds: bool
    ) -> None:
        certificate = certificate_of(world.holder("release1"))
        page = maker(world).get("counter:certificates", **asked)
        link = f'href="{reverse("counter:certificate", args=[certificate.pk])}"'
        assert (link in page.content.decode()) is finds

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


class TestProposing:
    """What a checker has to release."""

    @pytest.mark.parametrize("job", TYPED)
    def test_a_maker_proposes_and_is_led_to_the_request(
        self, world: World, counter: Counter, job: str
    ) -> None:
        certificate = fit_for(job, world, counter)
        browser = maker(world)
        reference = proposed(send(browser, f"counter:{job}", certificate.pk, **TYPED[job]))
        page = browser.get("approvals:request", reference)
        assert "Submit for review" in words_of(page)
        assert TYPED[job]["reason"] in words_of(page)
        assert Request.objects.get(reference=reference).state == "DRAFT"

    @pytest.mark.parametrize("job", TYPED)
    @pytest.mark.parametrize("login", [CHECKER, "auditor001", HEAD_OFFICE])
    def test_nobody_else_proposes(
        self, world: World, counter: Counter, job: str, login: str
    ) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world, login)
        assert browser.get(f"counter:{job}", certificate.pk).status_code == 403
        sent = browser.post(f"counter:{job}", certificate.pk, idempotency_key="k", **TYPED[job])
        assert sent.status_code == 403
        assert not Request.objects.filter(kind__startswith="certificates.").exists()

    @pytest.mark.parametrize("job", TYPED)
    def test_what_was_typed_stays_when_something_is_missing(
        self, world: World, counter: Counter, job: str
    ) -> None:
        certificate = fit_for(job, world, counter)
        typed = {**TYPED[job], "reason": ""}
        answer = send(maker(world), f"counter:{job}", certificate.pk, **typed)
        assert answer.status_code == 422
        assert "Write the reason." in words_of(answer)
        form = form_with(answer, "idempotency_key")
        kept = {name: form.fields.get(name) for name in typed if name != "reason"}
        assert kept == {name: value for name, value in typed.items() if name != "reason"}

    @pytest.mark.parametrize("job", TYPED)
    def test_what_cannot_be_done_has_no_form_and_says_why(
        self, world: World, counter: Counter, job: str
    ) -> None:
        certificate = certificate_of(world.holder("release1"))
        if job in ("scope", "revocation"):
            reference = propose(world, "certificates.revocation", certificate, cause="SUPERSEDED")
            counter.release(reference)
        page = maker(world).get(f"counter:{job}", certificate.pk)
        assert page.status_code == 200
        assert "idempotency_key" not in page.content.decode()
        assert page.context["page"]["why_not"]

    def test_a_wrong_scope_is_said_beside_its_field(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world)
        answer = send(
            browser, "counter:scope", certificate.pk, reason="x", amount_cap="much",
            scope_from="2027-01-02", scope_until="2027-01-01",
        )  # fmt: skip
        assert answer.status_code == 422
        assert set(answer.context["form"].errors) == {"amount_cap"}
        answer = send(
            browser, "counter:scope", certificate.pk, reason="x",
            scope_from="2027-01-02", scope_until="2027-01-01",
        )  # fmt: skip
        assert set(answer.context["form"].errors) == {"scope_until"}
        assert 'value="2027-01-02"' in answer.content.decode()

    @pytest.mark.req("CERT-9")
    def test_a_revocation_shows_what_would_stop(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        reference = submit(world, world.holder("maker01", card=False), 5_000)
        said = words_of(maker(world).get("counter:revocation", certificate.pk))
        assert reference in said
        assert "What waits for this person" in said

    @pytest.mark.req("TRF-8")
    def test_a_form_sent_twice_proposes_once(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world)
        form = form_with(browser.get("counter:scope", certificate.pk), "idempotency_key")
        address = reverse("counter:scope", args=[certificate.pk])
        answers = [
            browser.client.post(address, form.fields | TYPED["scope"])["Location"] for _ in range(2)
        ]
        assert answers[0] == answers[1]

    @pytest.mark.req("DUAL-3")
    def test_a_draft_is_edited_with_what_it_says(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world)
        reference = proposed(send(browser, "counter:scope", certificate.pk, **TYPED["scope"]))
        page = browser.get("counter:edit", reference)
        form = form_with(page, "idempotency_key")
        assert form.fields["amount_cap"] == "1,000,000"
        assert form.fields["reason"].strip() == TYPED["scope"]["reason"]
        answer = browser.post(
            "counter:edit", reference, **(form.fields | {"amount_cap": "2,000,000"})
        )
        assert proposed(answer) == reference
        assert "2,000,000" in words_of(browser.get("approvals:request", reference))
        stranger = maker(world, STRANGER)
        assert stranger.get("counter:edit", reference).status_code == 404


@pytest.mark.req("CERT-1")
class TestApplication:
    """Applying for a certificate."""

    @pytest.fixture(autouse=True)
    def _browser_keys(self, settings) -> None:
        settings.SIGNING_ALLOWED_STORAGES = ["HARDWARE", "BROWSER"]

    def test_a_maker_finds_the_person_and_applies(self, world: World) -> None:
        browser = maker(world)
        person = world.first.people["maker02"]
        assert "Whom is it for?" in words_of(browser.get("counter:people"))
        page = browser.get("counter:people", holder="張家豪")
        address = reverse("counter:application", args=[person.public_id])
        assert f'href="{address}"' in page.content.decode()
        reference = proposed(
            send(browser, "counter:application", person.public_id, storage="BROWSER")
        )
        said = words_of(browser.get("approvals:request", reference))
        assert "張家豪" in said
        assert "every function" in said
        form = form_to(
            browser.get("approvals:request", reference),
            reverse("approvals:submit", args=[reference]),
        )
        assert browser.client.post(form.action, form.fields).status_code == 302
        assert Request.objects.get(reference=reference).state == "PENDING"

    def test_the_whole_way_from_counter_to_signature_of_the_checker(
        self, world: World, counter: Counter
    ) -> None:
        browser = maker(world)
        person = world.first.people["maker02"]
        reference = proposed(
            send(browser, "counter:application", person.public_id, storage="BROWSER")
        )
        approvals.submit(
            actor=world.officer(MAKER).act_as(world.now), reference=reference,
            form_key=ids.token(), now=world.now,
        )  # fmt: skip
        checker = Browser.officer(world, CHECKER, card=True, english=True)
        answer = checker.decide(reference, "release")
        assert answer.status_code == 302
        done = words_of(checker.client.get(answer["Location"]))
        assert "settle the fee, then print the letter" in done
        assert Certificate.objects.get(holder=person, purpose="SIGNING").state == "APPLIED"

    @pytest.mark.parametrize(
        ("typed", "field", "message"),
        [
            ({"storage": "HARDWARE"}, "card_serial", "Choose the card that is handed over."),
            ({"storage": ""}, "storage", "This field is required."),
            (
                {"storage": "HARDWARE", "card_serial": "GONE-0001"},
                "card_serial", "This card is not in the branch&#x27;s stock.",
            ),
            ({"storage": "BROWSER", "amount_cap": "-5"}, "amount_cap", ""),
        ],
    )  # fmt: skip
    def test_a_mistake_is_said_beside_its_field(
        self, world: World, typed: dict[str, str], field: str, message: str
    ) -> None:
        number = world.first.people["maker02"].public_id
        answer = send(maker(world), "counter:application", number, **typed)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert message in answer.content.decode()

    def test_whoever_waits_already_is_not_offered_again(
        self, world: World, counter: Counter
    ) -> None:
        counter.applied(paid=False)
        browser = maker(world)
        number = world.first.people["maker02"].public_id
        page = browser.get("counter:people", holder=number)
        assert reverse("counter:application", args=[number]) not in page.content.decode()
        assert "under way already" in words_of(browser.get("counter:application", number))

    def test_people_of_another_branch_are_not_found(self, world: World) -> None:
        person = world.second.people["maker02"]
        browser = maker(world)
        assert "Nobody found" in words_of(browser.get("counter:people", holder=person.public_id))
        assert browser.get("counter:application", person.public_id).status_code == 404

    @pytest.mark.parametrize("login", [CHECKER, "auditor001", HEAD_OFFICE])
    def test_only_makers_apply(self, world: World, login: str) -> None:
        browser = maker(world, login)
        number = world.first.people["maker02"].public_id
        assert browser.get("counter:people").status_code == 403
        assert browser.get("counter:application", number).status_code == 403

    def test_the_number_of_statements_does_not_grow_with_the_people(self, world: World) -> None:
        browser = maker(world)
        counts = []
        for asked in ({"holder": "張家豪"}, {"company": "22099131"}):
            with counted_statements() as sent:
                page = browser.get("counter:people", **asked)
            counts.append((len(page.context["page"]["rows"]), len(sent)))
        assert counts[0][0] == 1
        assert counts[1][0] >= 3
        assert counts[0][1] == counts[1][1]


@pytest.mark.req("CERT-3", "CERT-9")
class TestSuspension:
    """Suspending at once, after a preview."""

    def test_one_person_suspends_after_seeing_what_would_stop(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        reference = submit(world, world.holder("maker01", card=False), 5_000)
        browser = maker(world)
        assert reference in words_of(browser.get("counter:suspension", certificate.pk))
        answer = send(browser, "counter:suspension", certificate.pk, reason="Card lost.")
        assert answer.status_code == 302
        certificate.refresh_from_db()
        assert (certificate.state, certificate.suspensions) == ("SUSPENDED", 1)
        said = words_of(browser.client.get(answer["Location"]))
        assert "The revocation list says so already." in said
        assert "1 of 2 used" in said
        assert "Card lost." in said

    def test_a_second_click_counts_once(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world)
        form = form_with(browser.get("counter:suspension", certificate.pk), "idempotency_key")
        address = reverse("counter:suspension", args=[certificate.pk])
        fields = form.fields | {"reason": "Card lost."}
        assert browser.client.post(address, fields).status_code == 302
        again = browser.client.post(address, fields)
        assert again.status_code == 422
        assert "Card lost." in again.content.decode()
        certificate.refresh_from_db()
        assert certificate.suspensions == 1

    def test_a_checker_may_too_but_head_office_s_auditor_may_not(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        for login in ("auditor001", HEAD_OFFICE):
            browser = maker(world, login)
            assert browser.get("counter:suspension", certificate.pk).status_code == 403
            sent = browser.post("counter:suspension", certificate.pk, reason="x")
            assert sent.status_code == 403
        answer = send(maker(world, CHECKER), "counter:suspension", certificate.pk, reason="Lost.")
        assert answer.status_code == 302

    def test_without_a_reason_nothing_is_suspended(self, world: World) -> None:
        certificate = certificate_of(world.holder("release1"))
        answer = send(maker(world), "counter:suspension", certificate.pk, reason=" ")
        assert answer.status_code == 422
        certificate.refresh_from_db()
        assert certificate.state == "ACTIVE"

    @pytest.mark.req("CERT-4")
    def test_the_third_time_is_announced_as_permanent(self, world: World) -> None:
        certificate = lifted_twice(world)
        browser = maker(world)
        said = words_of(browser.get("counter:suspension", certificate.pk))
        assert "This suspension is permanent." in said
        assert "Suspend for ever" in said
        page = words_of(browser.get("counter:certificate", certificate.pk))
        assert "2 of 2 used The next suspension is permanent." in page


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
