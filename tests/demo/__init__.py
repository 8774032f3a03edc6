"""Tests of the demo programme."""

from django.utils import timezone

# The demo is of a day, and its tests of one, whatever midnight passes meanwhile.
TODAY = timezone.localdate()
