"""People, the invitations that make them members, and the tokens of integrations."""

import uuid
from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, Permission, PermissionsMixin
from django.db import models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from portal.accounts.role_index import GROUP_IS_GONE, NAME_IS_FINAL
from portal.core.drawn import drawn_id
from portal.core.history import latest_at
from portal.core.triggers import columns_are_final, history_trigger, refuse_truncate


class UserManager(BaseUserManager["User"]):
    """A manager that makes accounts; an e-mail address is stored in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Make an account. Without a password nobody can sign in with it. Raises `ValueError` without an address."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Make an operator, who reaches Django's admin, belongs to no organisation, and reads no factory's data."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the account with this address, in any case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing] # knox has no types
    """One person, or one integration of a brand (`is_integration`: no password, tokens only).

    What a person may do follows from their roles in organisations (`portal.accounts.roles`), never from fields
    here. `is_staff` opens Django's admin for the operator; it is not the programme's staff.
    """

    id = models.BigAutoField(primary_key=True, default=drawn_id)
    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(_("language"), max_length=8, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_integration = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now)
    # How often it was closed: counted by the database alone. Sessions from before the last time are invalid (below).
    closings = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email")]
        triggers = [
            history_trigger("keeps_history", "accounts_accounthistory", "user_id", ["is_active"]),
            pgtrigger.Trigger(
                name="counts_closings",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=("NEW.closings = OLD.closings + (OLD.is_active AND NOT NEW.is_active)::int;\nRETURN NEW;"),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: object = None) -> str:
        """Return what a session must hold to stay valid: it differs after each change of the password or closing."""
        of_password: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc] # typeshed has the public one only
        return of_password if not self.closings else f"{of_password}.{self.closings}"

    def get_full_name(self) -> str:
        """Return the name as the person wrote it."""
        return self.name


class RoleGroup(models.Model):
    """One role in one organisation: a Django group and the word for the role. Members are the group's users.

    Abstract: each kind of organisation has its own table with a foreign key named `organisation`.
    """

    group = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="%(class)s")
    role = models.CharField(max_length=30)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.group.name


class AccountHistoryQuerySet(QuerySet["AccountHistory"]):
    """The history of accounts."""

    def at(self, moment: datetime) -> "AccountHistoryQuerySet":
        """Return the one row of each account that held at `moment`."""
        return self.filter(latest_at(self.model, "user", moment))


class MembershipPeriodQuerySet(QuerySet["MembershipPeriod"]):
    """The periods in which people were in groups."""

    def at(self, moment: datetime) -> "MembershipPeriodQuerySet":
        """Return those that ran at `moment`: the moment of joining belongs to them, the moment of leaving does not."""
        return self.filter(Q(until=None) | Q(until__gt=moment), since__lte=moment)


class AccountHistory(models.Model):
    """A state of an account, active or not, and since when: written by the database itself, for any day in the past."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField()
    since = models.DateTimeField()

    objects = AccountHistoryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "-since", "-id"], name="accounts_accounthistory_at")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.since:%Y-%m-%d}"


class MembershipPeriod(models.Model):
    """The period during which a person was in a role's group: written by the database itself, whoever changed it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    objects = MembershipPeriodQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group"], condition=Q(until=None), name="accounts_membershipperiod_one_open"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="accounts_membershipperiod_period"
            ),
        ]
        indexes = [models.Index(fields=["group", "user", "since"], name="accounts_membershipperiod_of")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "facts_are_final", ["user_id", "group_id", "since"], "The past of a membership cannot be written anew."
            ),
            pgtrigger.Protect(
                name="ended_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.group_id} {self.since:%Y-%m-%d}"


class Membership(User.groups.through):  # type: ignore[name-defined,misc] # made by Django
    """The present membership of a person in a role's group; each change is recorded in `MembershipPeriod`."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="keeps_history",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=pgtrigger.Func(
                    """
                    IF TG_OP <> 'INSERT' THEN
                        UPDATE accounts_membershipperiod SET until = GREATEST(clock_timestamp(), since)
                        WHERE user_id = OLD.user_id AND group_id = OLD.group_id AND until IS NULL;
                    END IF;
                    IF TG_OP <> 'DELETE' THEN
                        INSERT INTO accounts_membershipperiod (user_id, group_id, since)
                        VALUES (NEW.user_id, NEW.group_id, clock_timestamp());
                    END IF;
                    RETURN NULL;
                    """
                ),
            ),
            refuse_truncate(),
        ]


class HeldPermission(models.Model):
    """One permission that a person holds on one organisation through one group (`portal.accounts.role_index`)."""

    user = models.ForeignKey(User, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    kind = models.CharField(max_length=20)
    organisation_id = models.BigIntegerField()
    codename = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "codename", "organisation_id", "group"], name="accounts_heldpermission_once"
            ),
        ]
        indexes = [
            models.Index(fields=["group", "kind", "organisation_id", "codename"], name="accounts_heldpermission_source")
        ]
        triggers = [refuse_truncate()]

    def __str__(self) -> str:
        return f"{self.user_id} {self.codename} {self.kind} {self.organisation_id}"


class RoleGroupDeletion(Group):
    """Django's groups, with the consequences when one is deleted."""

    class Meta:
        proxy = True
        triggers = [GROUP_IS_GONE]


class NamedPermission(Permission):
    """Django's permissions, whose codenames the index of roles repeats."""

    class Meta:
        proxy = True
        triggers = [NAME_IS_FINAL]


class Invitation(models.Model):
    """A link, sent by mail, that makes its reader a member of an organisation in one role, once, until a date.

    Only a hash of the link's secret is stored. `leaving` is the manager who hands over: when the invited person joins,
    that role ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=150, blank=True)
    secret_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    organisation_id = models.BigIntegerField()
    organisation_name = models.CharField(max_length=200)
    role = models.CharField(max_length=30)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations_sent")
    leaving = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["email", "kind", "organisation_id"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="accounts_invitation_open",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None), name="accounts_invitation_one_end"
            ),
            models.UniqueConstraint(
                fields=["leaving", "kind", "organisation_id"],
                condition=Q(accepted_at=None, withdrawn_at=None, leaving__isnull=False),
                name="accounts_invitation_one_successor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.organisation_id} {self.role}"

    @property
    def is_open(self) -> bool:
        """True when it is neither accepted, withdrawn nor past its date."""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()


class ApiToken(AbstractAuthToken):  # type: ignore[misc] # knox has no types
    """A token of an integration: only its digest is stored; it expires and can be revoked (deleted)."""

    name = models.CharField(max_length=80)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
