"""The form with which staff record consent given on paper."""

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.core.scans import MAX_BYTES
from sharing.grants.forms.granting import DAY, GrantForm
from sharing.papers.services import Signature


def _scan_help() -> str:
    return gettext("PDF, JPEG or PNG, up to %s MB. The factory can open it.") % (MAX_BYTES // 1024**2)


class PaperForm(GrantForm):
    """The content of the signed form, who signed it, and its scan."""

    signed_by = forms.CharField(
        label=_("Signed by"), max_length=200, help_text=_("Name and position of the person who signed for the factory.")
    )
    signed_on = forms.DateField(label=_("Signed on"), widget=DAY)
    scan = forms.FileField(
        label=_("Scan of the signed form"),
        max_length=200,
        help_text=lazy(_scan_help, str)(),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"}),
    )
    is_as_signed = forms.BooleanField(
        label=_("The form names exactly these brands and this data, and the factory signed it."),
        error_messages={"required": _("Tick the box to confirm.")},
    )

    field_order = ["signed_by", "signed_on", "scan", *GrantForm.field_order, "is_as_signed"]

    def signature(self) -> Signature:
        """Return who signed when (call it after `is_valid`)."""
        return Signature(self.cleaned_data["signed_by"], self.cleaned_data["signed_on"])
