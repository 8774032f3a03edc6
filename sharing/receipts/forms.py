"""The form for a receipt to be checked."""

from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.uploads import megabytes
from sharing.receipts.checking import LONGEST
from sharing.receipts.evidence import LARGEST, MOST_PIXELS, Kind, Unread, kind_of
from sharing.receipts.numbers import normalised

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Types and endings: a phone then offers its camera beside its files, and an iPhone sends a JPEG.
ACCEPTED = "application/pdf,.pdf,application/json,.json,image/jpeg,image/png,image/webp"
LONGEST_TYPED = 40


class VerifyForm(forms.Form):
    """What somebody has of a receipt: a file or photo, its number, or the text of its JSON file."""

    file = forms.FileField(
        label=_("File or photo"),
        required=False,
        allow_empty_file=True,
        help_text=format_lazy(
            _("The receipt's PDF or JSON file, or a photo of the code on the paper. At most {size} MB."),
            size=megabytes(LARGEST),
        ),
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )
    number = forms.CharField(
        label=_("Number of a receipt"),
        required=False,
        max_length=LONGEST_TYPED,
        help_text=_(
            "Use it if you can see the receipt after signing in. To anyone else, a number alone proves nothing."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "dir": "ltr"}),
    )
    text = forms.CharField(
        label=_("Text of the JSON file"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "dir": "ltr", "spellcheck": "false", "autocomplete": "off"}),
    )

    is_busy = False  # whether another photo was being read

    def clean_text(self) -> str:
        """Return what was pasted. Raises `ValidationError` for what is longer than any receipt."""
        text: str = self.cleaned_data["text"]
        if len(text.encode(errors="replace")) > LONGEST:
            raise ValidationError(_("This is longer than any receipt. Paste the text of one receipt."))
        return text

    def clean_number(self) -> str:
        """Return the number as it is shown. Raises `ValidationError` for what cannot be one, issued or not."""
        typed: str = self.cleaned_data["number"]
        number = normalised(typed)
        if typed and not number:
            raise ValidationError(_("Check the number: it has sixteen letters and digits in four groups."))
        return number

    def clean_file(self) -> bytes:
        """Return the content of the file. Raises `ValidationError` for one of another kind, or too long."""
        upload = self.cleaned_data["file"]
        if upload is None:
            return b""
        content = bytes(upload.read())
        kind = kind_of(content)
        if kind is None:
            raise ValidationError(
                _("This file is not a PDF, a JSON file or a photo (JPEG, PNG or WebP). Choose one of these.")
            )
        if kind == Kind.TEXT and len(content) > LONGEST:
            raise ValidationError(_("This file is longer than any receipt. Choose the receipt's JSON file."))
        return content

    def clean(self) -> dict[str, object]:
        """Require at least one. Raises `ValidationError` when all are empty."""
        given = self.cleaned_data
        if not self.errors and not given.get("file") and not given.get("number") and not given.get("text", "").strip():
            raise ValidationError(
                _("Choose the receipt's PDF, its JSON file or a photo of its code, or enter its number.")
            )
        return given

    @property
    def kind(self) -> Kind | None:
        """What the file is; None where there is none. Ask after `is_valid`."""
        content = self.cleaned_data["file"]
        return kind_of(content) if content else None

    def refuse(self, reason: Unread) -> None:
        """Say beside the field why there is nothing to check in the file."""
        self.is_busy = reason is Unread.BUSY
        self.add_error("file", _sentence(reason))


def _sentence(reason: Unread) -> "StrOrPromise":
    sentences: dict[Unread, StrOrPromise] = {
        Unread.NO_RECEIPT: _(
            "This PDF contains no signed receipt. Download it from the portal again, or take a photo of the code on it."
        ),
        Unread.SEVERAL_IN_PDF: _("This PDF contains several receipts. Check one at a time."),
        Unread.BROKEN: _("This photo cannot be opened; the file may be incomplete. Take the photo again."),
        Unread.PIXELS: _("This photo has more than %s million pixels. Crop it to the code, or take a smaller one.")
        % (MOST_PIXELS // 1_000_000),
        Unread.TOO_HARD: _("This photo took too long to read. Take one that shows only the code."),
        Unread.BUSY: _("Other photos are being read. Try again in a minute."),
        Unread.NO_CODE: _(
            "No code was found in this photo. Take it again from closer, in good light, with the whole code in focus."
        ),
        Unread.OTHER_CODE: _(
            "The code in this photo is not that of a receipt. Take a photo of the code at the foot of the receipt."
        ),
        Unread.SEVERAL_CODES: _("This photo shows the codes of several receipts. Take a photo of one at a time."),
    }
    return sentences[reason]
