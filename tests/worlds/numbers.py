"""Running numbers of a database: what its sequences give next."""

from django.db import connections


def numbers() -> list[tuple[str, int]]:
    """Return the last number that each sequence gave."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), coalesce(last_value, 1) "
            "FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
        )
        return [(str(name), int(value)) for name, value in cursor.fetchall()]


def set_numbers(values: dict[str, int]) -> None:
    """Let sequences go on after these values."""
    with connections["owner"].cursor() as cursor:
        for name, value in values.items():
            cursor.execute("SELECT setval(%s::regclass, %s)", [name, value])


def skip_numbers(many: int) -> None:
    """Let every sequence leave out so many numbers, as if others had been busy."""
    set_numbers({name: value + many for name, value in numbers()})
