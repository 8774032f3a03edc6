"""Every code that a page, a mail or a receipt may have to name has its words, in one place each."""

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import override

from assessments.models import Assessment, ReportCopy
from factories.role_names import FactoryRoleName, ProgrammeRoleName
from portal.accounts.roles import kinds as organisation_kinds
from portal.accounts.sides import Side
from portal.notices.kinds import notice_names
from portal.notices.outbox import notice_kinds, notice_of
from sharing.access.publication import OPEN_TO_BRANDS, RELEASED_TO_FACTORY, ReportState
from sharing.access.reasons import Reason
from sharing.models import AccessRequest, Receipt
from sharing.receipts.document import sentence
from sharing.requests.services.answering import answered_in_words
from sharing.requests.services.answers import EVENT_OF_ANSWER
from sharing.requests.states import Shown, State
from tests.world import World


def test_every_word_of_a_notice_says_something_and_no_other_is_known() -> None:
    wrong = {name.value for name in notice_names()} ^ set(notice_kinds)
    assert wrong == set(), "Each has a member in notice_names.py and a NoticeKind given to register_notice in its app."
    assert len(notice_names()) == len(notice_kinds) > 20
    assert [name for name in notice_names() if not str(notice_kinds[name].label)] == []


@pytest.mark.parametrize("kind", ["grant.begun", "grant.granted", ""])
def test_a_notice_of_no_known_kind_is_refused(kind: str) -> None:
    with pytest.raises(LookupError, match="No kind of notice"):
        notice_of(kind, side="factory", organisation_id=1)


def test_every_kind_of_receipt_has_a_sentence_of_its_own() -> None:
    words = {"factory": {"name": "Sun"}, "brand": {"name": "Aster"}}
    assert len({sentence({**words, "kind": kind}, {}) for kind in Receipt.Kind.values}) == len(Receipt.Kind)
    with pytest.raises(ValueError, match="revoked"):
        sentence({**words, "kind": "revoked"}, {})


def test_every_state_of_a_request_is_shown_in_its_own_words() -> None:
    template, shown = "requests/parts/request_state.html", set()
    for state in Shown:
        with override("en"):
            shown.add(render_to_string(template, {"found": {"shown_state": state, "from_inside": True}}))
    assert len(shown) == len(Shown)
    assert {state.value for state in State} < {state.value for state in Shown}


def test_what_lower_layers_call_things_is_what_the_layers_above_call_them() -> None:
    assert {state.value for state in ReportState} < set(Assessment.State.values)
    assert set(OPEN_TO_BRANDS) < set(RELEASED_TO_FACTORY) < set(ReportState)
    assert {side.value for side in Side} == set(organisation_kinds)
    assert {name.value for name in FactoryRoleName} == set(organisation_kinds["factory"].roles)
    assert {name.value for name in ProgrammeRoleName} == set(organisation_kinds["programme"].roles)
    assert set(ReportCopy.Side.values) < {reason.value for reason in Reason}


@pytest.mark.django_db
def test_every_answer_to_a_request_has_its_event_and_its_sentence(world: World) -> None:
    assert set(EVENT_OF_ANSWER) == set(State) - {State.OPEN}
    for state in EVENT_OF_ANSWER:
        request = AccessRequest(state=state, lapses_at=timezone.now(), factory=world.factory_a)
        if state is not State.LAPSED:
            request.answered_at, request.answered_by = timezone.now(), world.person("manager_a")
        assert answered_in_words(request)
