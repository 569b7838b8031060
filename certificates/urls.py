"""The addresses of the card's messages and of what everyone may fetch of the authority."""

from __future__ import annotations

from django.urls import path

from certificates import views

app_name = "certificates"
# What a card in the browser asks; people of the bank hold cards too.
card_patterns = [
    path("card/enrol", views.enrol, name="enrol"),
    path("card/confirm", views.confirm, name="confirm"),
    path("card/unlock", views.unlock, name="unlock"),
    path("card/sign-in/prepare", views.prepare_authentication, name="prepare_authentication"),
    path("card/sign-in/unlock", views.unlock_authentication, name="unlock_authentication"),
    path("card/sign-in", views.authenticate, name="authenticate"),
]
urlpatterns = [
    *card_patterns,
    path("card/renewal", views.prepare_renewal, name="prepare_renewal"),
    path("card/renew", views.renew, name="renew"),
    path("pki/crl/issuing.crl", views.crl, name="crl"),
    path("pki/crl/<slug:authority>.crl", views.authority_crl, name="authority_crl"),
    path("pki/ocsp", views.ocsp, name="ocsp"),
    path("pki/ocsp/<path:question>", views.ocsp_by_address, name="ocsp_by_address"),
    path("pki/root.pem", views.root, name="root"),
    path("pki/issuing.pem", views.issuing, name="issuing"),
    path("pki/VERIFY.sh", views.verifier, name="verifier"),
]
