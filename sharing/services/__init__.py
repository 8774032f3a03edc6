"""What changes about consent: the verbs, one room a concept."""

from sharing.services.confirming import (
    answer_confirmation_end,
    ask_to_end_confirmation,
    confirm_grant,
    may_answer_confirmation_end,
    refuse_grant,
    switch_confirmation_on,
)
from sharing.services.copies import answer_destroy_notice, remind_of_destroy_notices
from sharing.services.grants import change_grant, grant_access, share
from sharing.services.holds import release_report, withhold_report
from sharing.services.outcomes import CLOCKS_DIFFER, Paper, Terms
from sharing.services.papers import record_paper_consent
from sharing.services.publication import close_report, open_report, tell_of_publication
from sharing.services.records import record_access
from sharing.services.renewals import prompt_renewals
from sharing.services.requests import (
    AlreadyAnsweredError,
    approve_request,
    decline_request,
    lapse_requests,
    remind_of_requests,
    request_access,
    request_many,
    snooze_request,
    withdraw_request,
)
from sharing.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.services.searches import record_search
from sharing.services.standing import Wish
from sharing.services.subscriptions import Purchase, record_subscriptions, withdraw_subscription

__all__ = [
    "CLOCKS_DIFFER",
    "AlreadyAnsweredError",
    "Paper",
    "Purchase",
    "Terms",
    "Wish",
    "answer_confirmation_end",
    "answer_destroy_notice",
    "approve_request",
    "ask_to_end_confirmation",
    "change_grant",
    "close_report",
    "confirm_grant",
    "decline_request",
    "grant_access",
    "lapse_requests",
    "may_answer_confirmation_end",
    "open_report",
    "prompt_renewals",
    "record_access",
    "record_paper_consent",
    "record_search",
    "record_subscriptions",
    "refuse_grant",
    "release_report",
    "remind_of_destroy_notices",
    "remind_of_requests",
    "request_access",
    "request_many",
    "revoke_access",
    "revoke_brand",
    "share",
    "snooze_request",
    "stop_all_sharing",
    "switch_confirmation_on",
    "tell_of_publication",
    "withdraw_request",
    "withdraw_subscription",
    "withhold_report",
]
