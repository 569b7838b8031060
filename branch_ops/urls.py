"""The staff site's own addresses; the window's are the admin site's."""

from django.urls import path

from approvals import views as approvals
from branch_ops.views import (
    activation,
    counter,
    door,
    equipment,
    external,
    fees,
    first_use,
    own,
    policy,
    profile,
    proposals,
    requisitions,
)
from identity.views import bulletin, bulletins, download, draft, end_session

app_name = "staff"
urlpatterns = [
    path("home/", door.home, name="home"),
    path("stay/", door.stay, name="stay"),
    path("draft/", draft, name="draft"),
    path("first-use/", first_use.first_use, name="first_use"),
    path("profile/", profile.profile, name="profile"),
    path("card/", door.card, name="card"),
    path("card/lost/", own.report_lost, name="report_lost"),
    path("password/", own.change_password, name="change_password"),
    path("sign-in/", door.sign_in, name="sign_in"),
    path("sign-in/elsewhere/", door.take_over, name="take_over"),
    path("sign-out/", door.sign_out, name="sign_out"),
    path("bulletin/", bulletins, {"template": "branch_ops/bulletins.html"}, name="bulletins"),
    path(
        "bulletin/<int:number>/",
        bulletin,
        {"template": "branch_ops/bulletin.html"},
        name="bulletin",
    ),
    path("downloads/<slug:sha256>/", download, name="download"),
    path("activate/", activation.activate, name="activate"),
    path("sign-in-help/", approvals.people_help, name="people_help"),
    path("sign-in-help/<slug:person>/unlock/", approvals.help_unlock, name="help_unlock"),
    path(
        "sign-in-help/<slug:person>/credentials/",
        approvals.help_credentials,
        name="help_credentials",
    ),
    path("sign-in-help/requests/<slug:reference>/", approvals.help_edit, name="help_edit"),
    path("sign-ins/", door.sessions, name="sessions"),
    path("sign-ins/end/", end_session, name="end_session"),
]

# Fees and equipment, each under its own name.
fee_patterns = [
    path("", fees.items, name="items"),
    path("<int:fee_id>/", fees.item, name="item"),
    path("<int:fee_id>/collect/", fees.collect, name="collect"),
    path("<int:fee_id>/waiver/", fees.waiver, name="waiver"),
    path("<int:fee_id>/refund/", fees.refund, name="refund"),
    path("requests/<str:reference>/", fees.edit, name="edit"),
]
equipment_patterns = [
    path("", equipment.stock, name="stock"),
    path("items/", equipment.items, name="items"),
    path("items/<str:serial_number>/", equipment.item, name="item"),
    path("items/<str:serial_number>/return/", equipment.return_, name="return"),
    path("items/<str:serial_number>/send-back/", equipment.send_back, name="send_back"),
    path("items/<str:serial_number>/write-off/", equipment.write_off, name="write_off"),
    path("movements/", equipment.movements, name="movements"),
    path("receive/", equipment.receive, name="receive"),
    path("issue/", equipment.issue, name="issue"),
    path("requisitions/", requisitions.listing, name="requisitions"),
    path("requisitions/new/", requisitions.ask, name="ask"),
    path("requisitions/<str:number>/", requisitions.requisition, name="requisition"),
    path("requisitions/<str:number>/fulfil/", requisitions.fulfil, name="fulfil"),
    path("requisitions/<str:number>/decline/", requisitions.decline, name="decline"),
    path("requisitions/<str:number>/withdraw/", requisitions.withdraw, name="withdraw"),
    path("requests/<str:reference>/", equipment.edit, name="edit"),
]

# The certificate counter, under its own name.
counter_patterns = [
    path("", counter.listing, name="certificates"),
    path("people/", counter.people, name="people"),
    path("people/<slug:holder>/", proposals.application, name="application"),
    path("requests/<slug:reference>/", proposals.edit, name="edit"),
    path("<int:certificate_id>/", counter.certificate, name="certificate"),
    path("<int:certificate_id>/suspension/", counter.suspension, name="suspension"),
    path("<int:certificate_id>/letter/", counter.letter, name="letter"),
    path("<int:certificate_id>/withdrawal/", proposals.withdrawal, name="withdrawal"),
    path("<int:certificate_id>/scope/", proposals.scope, name="scope"),
    path("<int:certificate_id>/unsuspension/", proposals.unsuspension, name="unsuspension"),
    path("<int:certificate_id>/revocation/", proposals.revocation, name="revocation"),
    path("<int:certificate_id>/reprint/", proposals.reprint, name="reprint"),
]

# Certificates of outside authorities, under their own name.
external_patterns = [
    path("", external.index, name="index"),
    path("examine/", external.examine, name="examine"),
    path("propose/", external.propose, name="propose"),
    path("requests/<slug:reference>/", external.edit, name="edit"),
]

# The figures of signing in, under their own name.
policy_patterns = [
    path("", policy.figures, name="figures"),
    path("change/", policy.propose, name="propose"),
    path("requests/<slug:reference>/", policy.edit, name="edit"),
]
