"""The form for a receipt to be checked."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sharing.receipts.checking import LONGEST


class VerifyForm(forms.Form):
    """A receipt's JSON, pasted or as a file."""

    file = forms.FileField(label=_("The receipt's JSON file"), required=False, allow_empty_file=True)
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "ltr", "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_text(self) -> str:
        """Return what was pasted. Raises `ValidationError` for what is longer than any receipt."""
        text: str = self.cleaned_data["text"]
        if len(text.encode(errors="replace")) > LONGEST:
            raise ValidationError(_("This is longer than any receipt. Paste the text of one receipt."))
        return text

    def clean_file(self) -> str:
        """Return the content of the file. Raises `ValidationError` for one that is too large or is not text."""
        upload = self.cleaned_data["file"]
        if upload is None:
            return ""
        if upload.size > LONGEST:
            raise ValidationError(_("This file is larger than any receipt. Choose the receipt's JSON file."))
        try:
            return str(upload.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ValidationError(_("This file is not text. Choose the receipt's JSON file, not its PDF.")) from error

    def clean(self) -> dict[str, object]:
        """Require at least one of the two. Raises `ValidationError` when both are empty."""
        given = self.cleaned_data
        if not self.errors and not given.get("file") and not given.get("text", "").strip():
            raise ValidationError(_("Choose the receipt's JSON file, or paste its text."))
        return given

    def document(self) -> str:
        """Return the text to be checked: the file's, else what was pasted."""
        return str(self.cleaned_data["file"] or self.cleaned_data["text"])
