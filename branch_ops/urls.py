"""The staff site's own addresses; the window's are the admin site's."""

from django.urls import path

from branch_ops import views

app_name = "staff"
urlpatterns = [
    path("home/", views.home, name="home"),
    path("stay/", views.stay, name="stay"),
    path("card/", views.card, name="card"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/elsewhere/", views.take_over, name="take_over"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
