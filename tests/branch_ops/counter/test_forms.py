"""What is typed at the certificate counter: by whom, and that nothing typed is lost."""

from __future__ import annotations

import pytest
from django.urls import reverse

from approvals import operations as approvals
from approvals.models import Request
from certificates.models import Certificate
from kernel import ids
from tests.branch_ops.counter_stories import (
    CHECKER,
    HEAD_OFFICE,
    MAKER,
    STRANGER,
    Counter,
    certificate_of,
    lifted_twice,
    propose,
    proposed,
    send,
    suspended,
)
from tests.factories.counting import counted_statements
from tests.factories.http import Browser, form_to, form_with, words_of
from tests.factories.world import World, submit

pytestmark = [
    pytest.mark.req("CERT-7"), pytest.mark.django_db, pytest.mark.usefixtures("staff_site"),
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

    @pytest.mark.parametrize("login", [CHECKER, "auditor001", HEAD_OFFICE])
    def test_nobody_else_proposes(self, world: World, counter: Counter, login: str) -> None:
        certificate = certificate_of(world.holder("release1"))
        browser = maker(world, login)
        for job, typed in TYPED.items():
            assert browser.get(f"counter:{job}", certificate.pk).status_code == 403
            sent = browser.post(f"counter:{job}", certificate.pk, idempotency_key="k", **typed)
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
