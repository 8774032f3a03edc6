"""The inbox of a factory's people: `reading` asks the gates, `things` says what waits, `rows` puts it in order."""
