"""The kinds of files that copies of reports are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Format(models.TextChoices):
    """A kind of file, by the ending of its name."""

    PDF = "pdf", _("PDF")
    XLSX = "xlsx", _("Excel workbook")
    JSON = "json", _("JSON")
    CSV = "csv", _("CSV long table")
