"""The date formats of each language of the pages: short, with Western digits, the time with its zone (UTC)."""
