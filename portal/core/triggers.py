"""Triggers that let a row keep what it said."""

import pgtrigger


def columns_are_final(
    name: str, columns: list[str], message: str, *, condition: pgtrigger.Q | None = None
) -> pgtrigger.Trigger:
    """A trigger that refuses an UPDATE of any of `columns` (database names), where `condition` holds of the old row."""
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=condition,
        func=pgtrigger.Func(
            f"""
            IF ROW({old}) IS DISTINCT FROM ROW({new}) THEN
                RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
            """
        ),
    )


def history_trigger(name: str, table: str, owner: str, columns: list[str]) -> pgtrigger.Trigger:
    """A trigger that writes `columns` of each new or changed row into the history `table`, with the moment.

    `owner` is the history's column for the row's id. Nobody can change a setting around it.
    """
    new = ", ".join(f"NEW.{column}" for column in columns)
    old = ", ".join(f"OLD.{column}" for column in columns)
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=pgtrigger.Func(
            f"""
            IF TG_OP = 'INSERT' OR ROW({new}) IS DISTINCT FROM ROW({old}) THEN
                INSERT INTO {table} ({owner}, {", ".join(columns)}, since) VALUES (NEW.id, {new}, clock_timestamp());
            END IF;
            RETURN NULL;
            """  # noqa: S608 - names of tables and columns in our own models
        ),
    )


def refuse_truncate() -> pgtrigger.Trigger:
    """Return a trigger that refuses TRUNCATE, which no trigger for rows would notice."""
    return pgtrigger.Trigger(
        name="never_truncated",
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        func=pgtrigger.Func("RAISE EXCEPTION 'Table % is never truncated. Delete its rows.', TG_TABLE_NAME;"),
    )
