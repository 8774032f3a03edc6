"""The permissions that people hold on organisations, flattened into one table, so that a gate reads one index.

django-guardian's tables remain the truth: who is in which group, and what a group may do on an organisation; a
permission of another model has no effect there. `Source.truth` says so once, for triggers, comparison and rebuilding.
For each pair of the two there is one row in `HeldPermission`, never merged with another source's. Triggers on every
table that the truth reads make the rows anew in the same transaction. Those on members and on what groups may do lock
the group first, so that two transactions cannot miss each other's rows; a changed permission or content type is rare
and locks both tables. Whether the account is active is checked on each read. `manage.py check_roles` compares, and
makes the rows anew.
"""

from dataclasses import dataclass

import pgtrigger
from django.db import connections, transaction

from portal.core.triggers import refuse_truncate

TABLE = "accounts_heldpermission"
MEMBERS = "accounts_user_groups"
COLUMNS = "user_id, group_id, kind, organisation_id, codename"


@dataclass(frozen=True)
class Source:
    """A kind of organisation, the table of what groups may do on it, and its model, whose permissions count there."""

    kind: str
    table: str
    app_label: str
    model: str

    def truth(self) -> str:
        """Return the SELECT of the rows that there should be."""
        return (
            f"SELECT m.user_id, m.group_id, '{self.kind}', r.content_object_id, p.codename "  # noqa: S608
            f"FROM {MEMBERS} m JOIN {self.table} r ON r.group_id = m.group_id "
            "JOIN auth_permission p ON p.id = r.permission_id JOIN django_content_type c ON c.id = p.content_type_id "
            f"AND (c.app_label, c.model) = ('{self.app_label}', '{self.model}')"
        )

    def anew(self, which: str, sources: str) -> str:
        """Return the statements that make some rows anew: `which` names them in the index, `sources` in the truth."""
        return f"""
            DELETE FROM {TABLE} h WHERE h.kind = '{self.kind}' AND {which};
            INSERT INTO {TABLE} ({COLUMNS}) {self.truth()} WHERE {sources};
        """  # noqa: S608 - names of tables and columns in our own models

    def lock(self) -> str:
        """Return the statement that blocks changes of memberships and permissions until the transaction ends."""
        return f"LOCK TABLE {MEMBERS}, {self.table} IN SHARE ROW EXCLUSIVE MODE;"


# By kind: what `check_roles` compares with.
_sources: dict[str, Source] = {}


def permission_triggers(source: Source) -> list[pgtrigger.Trigger]:
    """Return the triggers of a kind's permission table: what a group gains or loses, its members gain or lose."""
    _sources[source.kind] = source
    anew = source.anew(
        "h.group_id = {row}.group_id AND h.organisation_id = {row}.content_object_id",
        "r.group_id = {row}.group_id AND r.content_object_id = {row}.content_object_id",
    )
    return [_trigger("flattens_roles", _of_each_group(anew)), refuse_truncate()]


def membership_trigger(kind: str) -> pgtrigger.Trigger:
    """Return the trigger of memberships for one `kind`: who joins a group gains its permissions, who leaves loses them.

    It belongs on a proxy of `User.groups.through` beside the permission table.
    """
    anew = _sources[kind].anew(
        "h.user_id = {row}.user_id AND h.group_id = {row}.group_id",
        "m.user_id = {row}.user_id AND m.group_id = {row}.group_id",
    )
    return _trigger(f"flattens_{kind}_roles", _of_each_group(anew))


def named_permission_trigger(kind: str) -> pgtrigger.Trigger:
    """Return the trigger of `auth_permission` for one `kind`, when a permission changes, is deleted, or comes back.

    The rows that name it may be gone already or stay until the transaction ends: their foreign key is deferred.
    """
    source = _sources[kind]
    named = f"SELECT n.group_id, n.content_object_id FROM {source.table} n WHERE n.permission_id IN (OLD.id, NEW.id)"  # noqa: S608
    anew = source.anew(
        f"(h.group_id, h.organisation_id) IN ({named})", f"(r.group_id, r.content_object_id) IN ({named})"
    )
    return _trigger(f"flattens_{kind}_roles", source.lock() + anew)


def content_type_trigger(kind: str) -> pgtrigger.Trigger:
    """Return the trigger of `django_content_type` for one `kind`: whose permissions count for it."""
    source = _sources[kind]
    is_ours = f"('{source.app_label}', '{source.model}') IN ((OLD.app_label, OLD.model), (NEW.app_label, NEW.model))"
    return _trigger(
        f"flattens_{kind}_roles", f"IF {is_ours} THEN {source.lock()} {source.anew('true', 'true')} END IF;"
    )


def _of_each_group(anew: str) -> str:
    """Return the body of a trigger on rows with a `group_id`: what depends on the old row and on the new one."""
    lock = "PERFORM 1 FROM auth_group WHERE id = {row}.group_id FOR NO KEY UPDATE;"
    old, new = ((lock + anew).format(row=row) for row in ("OLD", "NEW"))
    return f"IF TG_OP <> 'INSERT' THEN {old} END IF; IF TG_OP <> 'DELETE' THEN {new} END IF;"


ANY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete


def _trigger(name: str, body: str, operation: pgtrigger.Operation = ANY_CHANGE) -> pgtrigger.Trigger:
    func = pgtrigger.Func(f"{body} RETURN NULL;")
    return pgtrigger.Trigger(name=name, when=pgtrigger.After, operation=operation, func=func)


DELETE_ROWS = f"DELETE FROM {TABLE} WHERE group_id = OLD.id;"  # noqa: S608 - our own table
GROUP_IS_GONE = _trigger("flattens_roles", DELETE_ROWS, pgtrigger.Delete)

NAME_IS_FINAL = pgtrigger.Trigger(
    name="codename_is_final",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("codename"),
    condition=pgtrigger.Q(old__codename__df=pgtrigger.F("new__codename")),
    func=pgtrigger.Func("RAISE EXCEPTION 'A permission keeps its codename. Make another permission.';"),
)


def _truth() -> str:
    """Return the SELECT of the rows that there should be, of every kind."""
    return " UNION ALL ".join(source.truth() for _kind, source in sorted(_sources.items()))


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
        for source in _sources.values():
            cursor.execute(source.lock())
        cursor.execute(f"DELETE FROM {TABLE}")  # noqa: S608 - our own table
        cursor.execute(f"INSERT INTO {TABLE} ({COLUMNS}) {_truth()}")
