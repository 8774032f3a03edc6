"""Dates in ar. The time and its zone read from left to right, whatever surrounds them."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y، \u2066H:i T\u2069"
TIME_FORMAT = "\u2066H:i\u2069"
YEAR_MONTH_FORMAT = "F Y"
SHORT_DATE_FORMAT = DATE_FORMAT
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
