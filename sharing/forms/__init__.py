"""Forms of consent."""

from sharing.forms.grants import (
    GrantForm,
    TermsForm,
    copied_terms,
    default_terms,
    initial_terms,
    renewed_terms,
)
from sharing.forms.papers import PaperForm
from sharing.forms.receipts import VerifyForm
from sharing.forms.requests import (
    AskForm,
    CodeForm,
    DeclineForm,
    FactorySearch,
    LaterForm,
    LessForm,
    ListForm,
    RequestFilter,
    initial_answer,
)
from sharing.forms.revoking import CopiesAnswerForm, RefuseForm, RevokeForm
from sharing.forms.who_saw import WhoSawFilter

__all__ = [
    "AskForm",
    "CodeForm",
    "CopiesAnswerForm",
    "DeclineForm",
    "FactorySearch",
    "GrantForm",
    "LaterForm",
    "LessForm",
    "ListForm",
    "PaperForm",
    "RefuseForm",
    "RequestFilter",
    "RevokeForm",
    "TermsForm",
    "VerifyForm",
    "WhoSawFilter",
    "copied_terms",
    "default_terms",
    "initial_answer",
    "initial_terms",
    "renewed_terms",
]
