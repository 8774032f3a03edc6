"""Triggers that protect or record the values of rows."""

import pgtrigger


def columns_are_final(
    name: str, columns: list[str], message: str, *, condition: pgtrigger.Q | None = None
) -> pgtrigger.Trigger:
    """Return a trigger that refuses an UPDATE of `columns` (database names) where the old row meets `condition`."""
    old = ", ".join(f"OLD.{column}" for column in columns)
    new = ", ".join(f"NEW.{column}" for column in columns)
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
    """Return a trigger that writes `columns` of each new or changed row into the history `table`, with the moment.

    `owner` is the history's column for the row's id. No change of a setting can bypass it.
    """
    old = ", ".join(f"OLD.{column}" for column in columns)
    new = ", ".join(f"NEW.{column}" for column in columns)
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
    """Return a trigger that refuses TRUNCATE, for which no trigger for rows would run."""
    return pgtrigger.Trigger(
        name="never_truncated",
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        func=pgtrigger.Func("RAISE EXCEPTION 'Table % is never truncated. Delete its rows.', TG_TABLE_NAME;"),
    )
