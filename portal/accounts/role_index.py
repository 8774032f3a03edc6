"""Who holds which permission on which organisation, flattened into one table, so that a gate reads one index.

django-guardian's tables remain the truth: who is in which group, and what a group may do on an organisation. Of each
pair of the two there is one row in `HeldPermission`, never merged with another source's. Triggers on every source keep
it in the same transaction; both kinds of trigger lock the group first, so that two transactions cannot miss each
other's rows. Whether the account is active is asked when it is read. `manage.py check_roles` compares and rebuilds.
"""

import pgtrigger
from django.db import connections, transaction

from portal.core.triggers import refuse_truncate

TABLE = "accounts_heldpermission"
MEMBERS = "accounts_user_groups"
COLUMNS = "user_id, group_id, kind, organisation_id, codename"
LOCK = "PERFORM 1 FROM auth_group WHERE id = {row}.group_id FOR NO KEY UPDATE;"
NAMED = "(SELECT codename FROM auth_permission WHERE id = {row}.permission_id)"

# The permission tables by their kind of organisation: what `check_roles` compares with.
_sources: dict[str, str] = {}


def permission_triggers(kind: str, table: str) -> list[pgtrigger.Trigger]:
    """Return the triggers of `kind`'s permission table: what a group gains or loses, its members gain or lose."""
    _sources[kind] = table
    return [
        _each_row(
            f"""
            IF TG_OP <> 'INSERT' THEN
                {LOCK.format(row="OLD")}
                DELETE FROM {TABLE} WHERE group_id = OLD.group_id AND kind = '{kind}'
                    AND organisation_id = OLD.content_object_id AND codename = {NAMED.format(row="OLD")};
            END IF;
            IF TG_OP <> 'DELETE' THEN
                {LOCK.format(row="NEW")}
                INSERT INTO {TABLE} ({COLUMNS})
                SELECT m.user_id, m.group_id, '{kind}', NEW.content_object_id, {NAMED.format(row="NEW")}
                FROM {MEMBERS} m WHERE m.group_id = NEW.group_id
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NULL;
            """  # noqa: S608 - names of tables and columns in our own models
        ),
        refuse_truncate(),
    ]


def membership_trigger(kind: str, table: str) -> pgtrigger.Trigger:
    """Return the trigger of memberships for one `kind`: who joins a group gains what it may do, who leaves loses it.

    It belongs on a proxy of `User.groups.through` beside the permission `table`.
    """
    return _each_row(
        f"""
        IF TG_OP <> 'INSERT' THEN
            {LOCK.format(row="OLD")}
            DELETE FROM {TABLE} WHERE user_id = OLD.user_id AND group_id = OLD.group_id AND kind = '{kind}';
        END IF;
        IF TG_OP <> 'DELETE' THEN
            {LOCK.format(row="NEW")}
            INSERT INTO {TABLE} ({COLUMNS})
            SELECT NEW.user_id, r.group_id, '{kind}', r.content_object_id, p.codename
            FROM {table} r JOIN auth_permission p ON p.id = r.permission_id WHERE r.group_id = NEW.group_id
            ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
        """,  # noqa: S608 - names of tables and columns in our own models
        name=f"flattens_{kind}_roles",
    )


def _each_row(body: str, name: str = "flattens_roles") -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=pgtrigger.Func(body),
    )


GROUP_IS_GONE = pgtrigger.Trigger(
    name="flattens_roles",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    func=pgtrigger.Func(f"DELETE FROM {TABLE} WHERE group_id = OLD.id; RETURN NULL;"),  # noqa: S608 - our own table
)

NAME_IS_FINAL = pgtrigger.Trigger(
    name="codename_is_final",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("codename"),
    condition=pgtrigger.Q(old__codename__df=pgtrigger.F("new__codename")),
    func=pgtrigger.Func("RAISE EXCEPTION 'A permission keeps its codename. Make another permission.';"),
)


def _truth() -> str:
    """Return the SELECT of the rows that there should be."""
    return " UNION ALL ".join(
        f"SELECT m.user_id, m.group_id, '{kind}', r.content_object_id, p.codename FROM {MEMBERS} m "  # noqa: S608
        f"JOIN {table} r ON r.group_id = m.group_id JOIN auth_permission p ON p.id = r.permission_id"
        for kind, table in sorted(_sources.items())
    )


def compare(using: str = "default") -> tuple[int, int]:
    """Return how many rows the index lacks, and how many it has too many. One statement, one snapshot."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"WITH truth ({COLUMNS}) AS ({_truth()}), held AS (SELECT {COLUMNS} FROM {TABLE}) SELECT "  # noqa: S608
            "(SELECT count(*) FROM (SELECT * FROM truth EXCEPT ALL SELECT * FROM held) lacks), "
            "(SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM truth) surplus)"
        )
        lacks, surplus = cursor.fetchone()
    return lacks, surplus


def rebuild(using: str = "owner") -> None:
    """Make the index anew from its sources, in one transaction, while no membership or permission can change."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        tables = ", ".join([MEMBERS, *_sources.values()])
        cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - our own table
        cursor.execute(f"INSERT INTO {TABLE} ({COLUMNS}) {_truth()}")
