"""The staff site's own addresses; the window's are the admin site's."""

from django.urls import path

from branch_ops.views import counter, door, external, proposals

app_name = "staff"
urlpatterns = [
    path("home/", door.home, name="home"),
    path("stay/", door.stay, name="stay"),
    path("card/", door.card, name="card"),
    path("sign-in/", door.sign_in, name="sign_in"),
    path("sign-in/elsewhere/", door.take_over, name="take_over"),
    path("sign-out/", door.sign_out, name="sign_out"),
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
