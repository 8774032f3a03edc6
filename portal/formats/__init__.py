"""How dates are written in each language of the pages: short, with Western digits, the time with its zone (UTC)."""
