"""Forms about people: inviting, changing a role, joining, one's own profile."""

from collections.abc import Mapping

from allauth.account.forms import LoginForm, ResetPasswordForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.ui.templatetags.portal import language_name

NAME_LENGTH = 150


def in_order(roles: Mapping[str, Role]) -> list[Role]:
    """Return roles as they are offered: the widest last, so that nobody becomes a manager by mistake."""
    return sorted(roles.values(), key=lambda role: (role.is_manager, role.name))


def role_choices(roles: Mapping[str, Role]) -> list[tuple[str, object]]:
    """Return roles as choices for a field, each with one sentence on what its holder may do."""
    explained = '<span>{}<span class="row-note">{}</span></span>'
    return [(role.name, format_html(explained, role.label, role.summary)) for role in in_order(roles)]


class InvitationForm(forms.Form):
    """A form for whom to invite, and in which role."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, required=False)
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, data: QueryDict | None, *, roles: Mapping[str, Role], role: str = "") -> None:
        super().__init__(data, initial={"role": role if role in roles else ""})
        self.fields["role"].choices = role_choices(roles)  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """A form for another role of a member. `held` is the role that the page showed: an old page changes nothing."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    held = forms.CharField(widget=forms.HiddenInput, max_length=200, required=False)

    def __init__(self, data: QueryDict | None, *, roles: Mapping[str, Role], initial: dict[str, object]) -> None:
        super().__init__(data, initial=initial)
        self.fields["role"].choices = role_choices(roles)  # type: ignore[attr-defined]


def _name_as_elsewhere(field: forms.Field) -> None:
    """Give a field of allauth our name, and no second one inside it."""
    field.label = _("E-mail address")
    field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):  # type: ignore[misc]
    """The form of allauth, with the wording of the other pages."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _name_as_elsewhere(self.fields["login"])


class ForgottenPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    """The form of allauth, with the wording of the other pages."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        _name_as_elsewhere(self.fields["email"])


class JoinForm(forms.Form):
    """A form for the name and password of a new account. The rules for passwords are shown beside the field."""

    name = forms.CharField(
        label=_("Your name"), max_length=NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Password again"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: QueryDict | None, *, initial: dict[str, object]) -> None:
        super().__init__(data, initial=initial)
        self.fields["password"].help_text = " ".join(str(text) for text in password_validators_help_texts())

    def clean(self) -> dict[str, object]:
        """Check that both passwords are the same."""
        data: dict[str, object] = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            raise ValidationError({"again": _("The two passwords are not the same.")})
        return data


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form for one's own name and language."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=lambda: [(code, language_name(code)) for code, _name in settings.LANGUAGES],
        help_text=_("Used for pages and for e-mails to you."),
    )

    class Meta:
        model = User
        fields = ("name", "language")
