"""Addresses about people: signing in, one's own account, the members of an organisation, invitations.

Of django-allauth only the applicable addresses are reachable, one by one: accounts are by invitation, so there is
no page to add or confirm addresses, nor to sign in through other sites. "Sign up" stays: it says that it is closed.
"""

from allauth.account import views as allauth
from django.urls import include, path, re_path

from portal.accounts.views import invitations, members, profile, signing_in

sign_in = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("signup/", allauth.signup, name="account_signup"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("password/change/", allauth.password_change, name="account_change_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        signing_in.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", allauth.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]
people = [
    path("", members.member_list, name="members"),
    path("invite/", members.member_invite, name="member_invite"),
    path("invitations/<uuid:invitation_id>/resend/", members.invitation_resend, name="invitation_resend"),
    path("invitations/<uuid:invitation_id>/withdraw/", members.invitation_withdraw, name="invitation_withdraw"),
    path("<int:member_id>/role/", members.member_role, name="member_role"),
    path("<int:member_id>/remove/", members.member_remove, name="member_remove"),
]
urlpatterns = [
    path("accounts/", include(sign_in)),
    path("me/", profile.me, name="me"),
    path("i18n/setlang/", profile.choose_language, name="set_language"),
    path("people/<str:kind>/<int:organisation_id>/", include(people)),
    path("invitations/<uuid:invitation_id>/", invitations.invitation_answer, name="invitation_answer"),
    path("invitations/<uuid:invitation_id>/<str:secret>/", invitations.invitation, name="invitation"),
]
