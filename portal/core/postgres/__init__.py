"""Django's PostgreSQL backend, which also sets in the database who reads (`portal.core.reader`)."""
