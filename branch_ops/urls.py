"""The staff site's own addresses; the window's are the admin site's."""

from django.urls import path

from branch_ops.views import door, external

app_name = "staff"
urlpatterns = [
    path("home/", door.home, name="home"),
    path("stay/", door.stay, name="stay"),
    path("card/", door.card, name="card"),
    path("sign-in/", door.sign_in, name="sign_in"),
    path("sign-in/elsewhere/", door.take_over, name="take_over"),
    path("sign-out/", door.sign_out, name="sign_out"),
]

# Certificates of outside authorities, under their own name.
external_patterns = [
    path("", external.index, name="index"),
    path("examine/", external.examine, name="examine"),
    path("propose/", external.propose, name="propose"),
    path("requests/<slug:reference>/", external.edit, name="edit"),
]
