"""Django's PostgreSQL backend, which also tells the database who reads (`portal.core.reader`)."""
