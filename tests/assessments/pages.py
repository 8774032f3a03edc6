"""What the tests of pages for reading share."""

import re

from django.urls import reverse

NOBODY = ["outsider", "operator", "constituent", "brand_b_member", "manager_b", "vietnam_manager"]


def page(assessment):
    return reverse("assessment", args=[assessment.pk])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())
