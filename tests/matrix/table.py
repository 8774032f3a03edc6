"""What everybody gets at every address: one row an address, place and method; one letter a person.

    +  answered        *  done: something was written        >  sent elsewhere, nothing written
    .  not found       x  forbidden                          !  the form was wrong; nothing written
    L  sign in first   u  sign in first (API)

The columns are the personas of `stage.GROUPS`, in that order: anonymous, inactive, outsider, operator - factory A's
manager and member, factory B's manager - brand A's manager and member, brand B's member, brand A's token - advisor of
factory A, team leader and programme manager of Cambodia, Vietnam's manager, global staff, a constituent of Cambodia.

A place names what the address is about (`stage.PLACES`): factory A (`A`), its published assessments (`a1_old`, `a2`),
the one in factory review (`a3`) and the planned one (`a4`), factory B's (`b1`), a grant of factory A to brand A, a
`request` of brand A to factory A and its `code`, a finished file of brand A's member (`copy`) and its `job`, an
invitation into factory A, a webhook of brand A (`endpoint`) and a message to it (`delivery`), that brand A read
`a1_old` (`correction`), a `subscription` of brand B for factory A. Factory `V`, in Vietnam, has no people yet: staff
bring in its first manager.
"""

from dataclasses import dataclass

from tests.matrix.api_rows import API
from tests.matrix.stage import PERSONAS

# Asked by everybody, with what would do something where the sender has the right to it (`sent.BODIES`).
PAGES = """
# portal
GET    home                                 -                           LL++ ++++ +++L ++++++
POST   home                                 -                           LL++ ++++ +++L ++++++
POST   inbox_act                            A                           LL.. ***. ...L xxx.x.
GET    help                                 -                           ++++ ++++ ++++ ++++++
GET    styleguide                           -                           LL.. .... ...L ......
GET    health                               -                           ++++ ++++ ++++ ++++++
GET    health_ready                         -                           ++++ ++++ ++++ ++++++
GET    metrics                              -                           .... .... .... ......
# accounts
GET    account_login                        -                           ++>> >>>> >>>+ >>>>>>
POST   account_login                        -                           ++>> >>>> >>>+ >>>>>>
GET    account_logout                       -                           LL++ ++++ +++L ++++++
POST   account_logout                       -                           LLLL LLLL LLLL LLLLLL
GET    account_inactive                     -                           ++++ ++++ ++++ ++++++
GET    account_signup                       -                           ++>> >>>> >>>+ >>>>>>
POST   account_signup                       -                           ++>> >>>> >>>+ >>>>>>
GET    account_reauthenticate               -                           LL++ ++++ +++L ++++++
POST   account_reauthenticate               -                           LL++ ++++ +++L ++++++
GET    account_change_password              -                           LL++ ++++ +++L ++++++
POST   account_change_password              -                           LL++ ++++ +++L ++++++
GET    account_reset_password               -                           ++++ ++++ ++++ ++++++
POST   account_reset_password               -                           ++++ ++++ ++++ ++++++
GET    account_reset_password_done          -                           ++++ ++++ ++++ ++++++
GET    account_reset_password_from_key      1/bad                       ++++ ++++ ++++ ++++++
POST   account_reset_password_from_key      1/bad                       ++++ ++++ ++++ ++++++
GET    account_reset_password_from_key_done -                           ++++ ++++ ++++ ++++++
POST   set_language                         -                           >>** **** ***> ******
GET    set_language                         -                           >>>> >>>> >>>> >>>>>>
GET    me                                   -                           LL++ ++++ +++L ++++++
POST   me                                   -                           LL** **** ***L ******
GET    members                              factory/A                   LL.. +++. ...L +++.+.
GET    members                              brand/brandA                LL.. x..x ++.L .xxx+.
GET    members                              programme/cambodia          LL.. .... ...L +++.+x
GET    members                              programme/global            LL.. .... ...L ....+.
GET    member_invite                        factory/A                   LL.. +xx. ...L xxx.x.
POST   member_invite                        factory/A                   LL.. *xx. ...L xxx.x.
POST   member_invite                        brand/brandA                LL.. x..x *x.L .xxxx.
GET    member_invite                        programme/cambodia          LL.. .... ...L xx+.+x
POST   invitation_resend                    factory/A/invited           LL.. *xx. ...L xxx.x.
POST   invitation_withdraw                  factory/A/invited           LL.. *xx. ...L xxx.x.
POST   invitation_withdraw                  brand/brandA/invited        LL.. x..x .x.L .xxxx.
GET    member_role                          factory/A/memberA           LL.. +xx. ...L xxx.x.
POST   member_role                          factory/A/memberA           LL.. *xx. ...L xxx.x.
POST   member_role                          brand/brandA/brandAmember   LL.. x..x *x.L .xxxx.
POST   member_role                          factory/B/memberA           LL.. .... ...L .xx.x.
GET    member_remove                        factory/A/memberA           LL.. +xx. ...L xxx.x.
POST   member_remove                        factory/A/memberA           LL.. *xx. ...L xxx.x.
POST   member_remove                        brand/brandA/brandAmember   LL.. x..x *x.L .xxxx.
POST   member_remove                        programme/cambodia/leader   LL.. .... ...L xx*.*x
POST   member_remove                        factory/A/advisorA          LL.. xxx. ...L xxx.x.
GET    members                              factory/V                   LL.. .... ...L ...++.
GET    member_invite                        factory/V                   LL.. .... ...L ...++.
POST   member_invite                        factory/V                   LL.. .... ...L ...**.
GET    invitation_answer                    invited                     .... .... .... ......
POST   invitation_answer                    invited                     .... .... .... ......
GET    invitation                           invited/secret              >>>> >>>> >>>> >>>>>>
GET    invitation                           invited/wrong               .... .... .... ......
# notices
GET    mail_choices                         -                           LL++ ++++ +++L ++++++
POST   mail_choices                         -                           LL>> **** ***L >>>>>>
GET    unsubscribe                          unsubscribing               ++++ ++++ ++++ ++++++
POST   unsubscribe                          unsubscribing               **** **** **** ******
POST   unsubscribe                          bad                         .... .... .... ......
GET    webhooks                             brand/brandA                LL.. x..x +x.L .xxxx.
POST   webhooks                             brand/brandA                LL.. x..x *x.L .xxxx.
GET    webhooks                             factory/A                   LL.. +xx. ...L xxx.x.
POST   webhooks                             factory/A                   LL.. *xx. ...L xxx.x.
GET    webhooks                             programme/cambodia          LL.. .... ...L ......
GET    webhook                              endpoint                    LL.. .... +..L ......
POST   webhook                              endpoint                    LL.. .... *..L ......
POST   webhook_test                         endpoint                    LL.. .... *..L ......
POST   webhook_pause                        endpoint                    LL.. .... *..L ......
GET    webhook_secret                       endpoint                    LL.. .... +..L ......
POST   webhook_secret                       endpoint                    LL.. .... *..L ......
GET    webhook_remove                       endpoint                    LL.. .... +..L ......
POST   webhook_remove                       endpoint                    LL.. .... *..L ......
POST   webhook_again                        delivery                    LL.. .... *..L ......
# factories
GET    factory_list                         -                           LL.. >>>> ...L +++++.
GET    factory_import                       -                           LL.. xxxx ...L x++++.
POST   factory_import                       -                           LL.. xxxx ...L x!!!!.
POST   factory_import_confirm               -                           LL.. xxxx ...L x>>>>.
GET    factory_add                          -                           LL.. xxxx ...L x++++.
POST   factory_add                          -                           LL.. xxxx ...L x!!!!.
GET    factory                              A                           LL.. +++. ...L +++.+.
GET    factory_edit                         A                           LL.. +xx. ...L x++.+.
POST   factory_edit                         A                           LL.. !xx. ...L x!!.!.
POST   advisor_assign                       A                           LL.. xxx. ...L x>>.>.
GET    advisor_unassign                     A/advisorA                  LL.. xxx. ...L x++.+.
POST   advisor_unassign                     A/advisorA                  LL.. xxx. ...L x**.*.
GET    programme_list                       -                           LL.. .... ...L >>>>+>
GET    programme_add                        -                           LL.. .... ...L xxxx+x
POST   programme_add                        -                           LL.. .... ...L xxxx!x
GET    programme                            cambodia                    LL.. .... ...L +++.++
GET    programme                            global                      LL.. .... ...L ....+.
GET    programme_edit                       cambodia                    LL.. .... ...L xx+.+x
POST   programme_edit                       cambodia                    LL.. .... ...L xx!.!x
GET    successor                            A                           LL.. +xx. ...L xxx.x.
POST   successor                            A                           LL.. *xx. ...L xxx.x.
GET    handover_open                        A                           LL.. xxx. ...L x++.+.
POST   handover_open                        A                           LL.. xxx. ...L x!!.!.
GET    closure_list                         A                           LL.. +++. ...L +++.+.
POST   closure_list                         A                           LL.. *xx. ...L x**.*.
GET    closure_list                         B                           LL.. ...+ ...L .++.+.
GET    closure_remove                       A/closure                   LL.. +xx. ...L x++.+.
POST   closure_remove                       A/closure                   LL.. *xx. ...L x**.*.
GET    closure_remove                       B/closure                   LL.. .... ...L ......
GET    handover_list                        -                           LL.. .... ...L .++++.
GET    handover                             handover                    LL.. ...+ ...L .++.+.
POST   handover                             handover                    LL.. ...x ...L .**.*.
GET    handover_scan                        handover                    LL.. ...x ...L ......
# brands
GET    brand_list                           -                           LL.. +..+ >>>L .++++.
GET    brand_add                            -                           LL.. x..x xxxL .xxx+.
POST   brand_add                            -                           LL.. x..x xxxL .xxx*.
GET    brand                                brandA                      LL.. +..+ ++.L .++++.
GET    brand                                brandB                      LL.. +..+ ..+L .++++.
GET    brand_edit                           brandA                      LL.. x..x xx.L .xxx+.
POST   brand_edit                           brandA                      LL.. x..x xx.L .xxx!.
GET    supplier_list                        brandA                      LL.. .... ++.L ......
GET    supplier_import                      brandA                      LL.. .... +x.L ......
POST   supplier_import                      brandA                      LL.. .... !x.L ......
GET    integrations                         brandA                      LL.. x..x +x.L .xxxx.
POST   integrations                         brandA                      LL.. x..x *x.L .xxxx.
GET    integration_revoke                   brandA/integration          LL.. x..x +x.L .xxxx.
GET    integration_revoke                   brandB/integration          LL.. x..x ..xL .xxxx.
POST   integration_revoke                   brandA/integration          LL.. x..x *x.L .xxxx.
POST   integration_revoke                   brandB/integration          LL.. x..x ..xL .xxxx.
# sharing
GET    subscription_list                    cambodia                    LL.. .... ...L x++.+x
GET    subscription_add                     cambodia                    LL.. .... ...L x++.+x
POST   subscription_add                     cambodia                    LL.. .... ...L x**.*x
GET    subscription_import                  cambodia                    LL.. .... ...L x++.+x
POST   subscription_import                  cambodia                    LL.. .... ...L x!!.!x
POST   subscription_import_confirm          cambodia                    LL.. .... ...L x>>.>x
GET    subscription_withdraw                cambodia/subscription       LL.. .... ...L x++.+x
POST   subscription_withdraw                cambodia/subscription       LL.. .... ...L x**.*x
GET    subscription_switch                  cambodia                    LL.. .... ...L xx+.+x
POST   subscription_switch                  cambodia                    LL.. .... ...L xx*.*x
GET    brand_subscriptions                  brandA                      LL.. .... ++.L ......
GET    brand_subscriptions                  brandB                      LL.. .... ..+L ......
GET    factory_brands                       A                           LL.. +++. ...L x++.+.
GET    factory_brand                        A/brandA                    LL.. +++. ...L x++.+.
GET    factory_brand                        A/brandB                    LL.. +++. ...L x++.+.
GET    grant                                A                           LL.. +xx. ...L xxx.x.
POST   grant                                A                           LL.. *xx. ...L xxx.x.
GET    grant_paper                          A                           LL.. xxx. ...L x++.+.
POST   grant_paper                          A                           LL.. xxx. ...L x**.*.
GET    grant_document                       paper                       LL.. +++. ...L .++.+.
GET    grant_document                       grant                       LL.. .... ...L ......
GET    report_openings                      A                           LL.. +++. ...L x++.+.
POST   report_withhold                      A                           LL.. *xx. ...L xxx.x.
GET    report_allow                         withheld                    LL.. +xx. ...L .xx.x.
POST   report_allow                         withheld                    LL.. *xx. ...L .xx.x.
GET    as_brand                             A/brandA                    LL.. +xx. ...L x++.+.
GET    as_brand                             A/brandB                    LL.. +xx. ...L x++.+.
GET    as_brand_assessment                  A/brandA/a2                 LL.. +xx. ...L x++.+.
GET    as_brand_assessment                  A/brandB/a2                 LL.. .xx. ...L x.....
GET    as_brand_assessment                  A/brandA/a3                 LL.. .xx. ...L x.....
GET    as_brand_assessment                  A/brandA/b1                 LL.. .xx. ...L x.....
GET    as_brand_after                       A/brandB                    LL.. +... ...L x.....
GET    as_brand_after                       A/brandA                    LL.. .... ...L x.....
GET    as_brand_after                       B/brandB                    LL.. .... ...L ......
GET    as_brand_after_assessment            A/brandB/a2                 LL.. +... ...L x.....
GET    as_brand_after_assessment            A/brandB/a3                 LL.. .... ...L x.....
GET    as_brand_after_assessment            A/brandB/b1                 LL.. .... ...L x.....
GET    who_saw                              A                           LL.. +++. ...L x++.+.
GET    grant_change                         grant                       LL.. +xx. xx.L .xx.x.
POST   grant_change                         grant                       LL.. *xx. xx.L .xx.x.
GET    grant_revoke                         grant                       LL.. +xx. xx.L .xx.x.
POST   grant_revoke                         grant                       LL.. *xx. xx.L .xx.x.
POST   grant_revoke                         none                        LL.. .... ...L ......
GET    explain                              A                           LL.. +++. ++.L x++.+.
GET    explain                              B                           LL.. ...+ ...L .++.+.
GET    monthly_summary                      A                           LL.. +++. ...L x++.+.
GET    what_we_read                         brandA                      LL.. .... ++.L ......
GET    who_could_see                        A                           LL.. +++. ...L x++.+.
GET    confirmations                        A                           LL.. +++. ...L x++.+.
POST   confirmations                        A                           LL.. *xx. ...L xxx.x.
GET    grant_confirmation                   pending                     LL.. xx+. ...L .xx.x.
POST   grant_confirmation                   pending                     LL.. xx*. ...L .xx.x.
GET    stop_brand                           A/brandA                    LL.. +xx. ...L xxx.x.
POST   stop_brand                           A/brandA                    LL.. *xx. ...L xxx.x.
GET    stop_all                             A                           LL.. +xx. ...L xxx.x.
POST   stop_all                             A                           LL.. *xx. ...L xxx.x.
GET    resume                               A                           LL.. +xx. ...L xxx.x.
POST   resume                               A                           LL.. *xx. ...L xxx.x.
GET    destroy_notices                      A                           LL.. +++. ...L x++.+.
GET    copies_to_destroy                    -                           LL.. .... +++L ......
GET    copies_answer                        notice                      LL.. .... ++.L ......
POST   copies_answer                        notice                      LL.. .... **.L ......
GET    factory_receipts                     A                           LL.. +++. ...L x++.+.
GET    brand_receipts                       brandA                      LL.. .... ++.L ......
GET    receipt                              receipt                     LL.. +++. ++.L .++.+.
GET    receipt                              0000                        LL.. .... ...L ......
GET    receipt_json                         receipt                     LL.. +++. ++.L .++.+.
GET    receipt_pdf                          receipt                     LL.. +++. ++.L .++.+.
GET    verify                               -                           ++++ ++++ ++++ ++++++
POST   verify                               -                           !!!! !!!! !!!! !!!!!!
GET    jwks                                 -                           ++++ ++++ ++++ ++++++
GET    ledger                               -                           ++++ ++++ ++++ ++++++
GET    ledger_roots                         -                           ++++ ++++ ++++ ++++++
GET    grant_print                          grant                       LL.. +xx. xx.L .xx.x.
GET    request_inbox                        A                           LL.. +++. ...L x++.+.
POST   requests_answer                      A                           LL.. *xx. ...L xxx.x.
GET    access_request                       request                     LL.. +++. ++.L .++.+.
GET    request_approve                      request                     LL.. +xx. xx.L .xx.x.
POST   request_approve                      request                     LL.. *xx. xx.L .xx.x.
POST   request_approve                      none                        LL.. .... ...L ......
POST   undo_decision                        A                           LL.. >xx. ...L xxx.x.
GET    request_decline                      request                     LL.. +xx. xx.L .xx.x.
POST   request_decline                      request                     LL.. *xx. xx.L .xx.x.
POST   request_later                        request                     LL.. *xx. xx.L .xx.x.
GET    request_withdraw                     request                     LL.. xxx. ++.L .xx.x.
POST   request_withdraw                     request                     LL.. xxx. **.L .xx.x.
GET    request_print                        request                     LL.. +++. ++.L .++.+.
GET    brand_requests                       brandA                      LL.. .... ++.L ......
GET    ask_search                           brandA                      LL.. .... ++.L ......
GET    ask_list                             brandA                      LL.. .... ++.L ......
POST   ask_list                             brandA                      LL.. .... ++.L ......
GET    ask                                  brandA                      LL.. .... ++.L ......
POST   ask                                  brandA                      LL.. .... **.L ......
GET    code_entry                           -                           LL++ ++++ +++L ++++++
POST   code_entry                           -                           LL!! >>>! >>!L !>>!>!
GET    short_code                           code                        LL.. >>>. >>.L .>>.>.
GET    short_code                           grantcode                   LL.. >>>. >>.L .>>.>.
GET    short_code                           nonsense                    LL.. .... ...L ......
# assessments
GET    shared_list                          -                           LL.. .... +++L ......
GET    assessment_list                      -                           LL.. ++++ >>>L >>>>>.
GET    assessment                           a1_old                      LL.. +++. ++.L +++.+.
GET    assessment                           a2                          LL.. +++. ++.L +++.+.
GET    assessment                           a3                          LL.. +++. ...L +++.+.
GET    assessment                           a4                          LL.. .... ...L +++.+.
GET    assessment                           b1                          LL.. ...+ ...L .++.+.
GET    assessment                           none                        LL.. .... ...L ......
GET    assessment_correct                   a2                          LL.. xxx. xx.L x++.+.
POST   assessment_correct                   a2                          LL.. xxx. xx.L x**.*.
GET    assessment_step                      a3/publish                  LL.. xxx. ...L x++.+.
POST   assessment_step                      a3/publish                  LL.. xxx. ...L x**.*.
POST   assessment_step                      a4/start                    LL.. .... ...L ......
POST   assessment_step                      a2/send_to_factory          LL.. xxx. xx.L x>>.>.
POST   assessment_step                      a2/nonsense                 LL.. .... ...L ......
GET    corrections                          -                           LL.. .... +++L ......
GET    correction                           correction                  LL.. .... ++.L ......
POST   correction_acknowledge               correction                  LL.. .... **.L ......
GET    old_versions                         A                           LL.. +++. ...L x++.+.
GET    board                                -                           LL.. .... ...L +++++.
GET    plan_list                            -                           LL.. .... ...L +++++.
GET    plan_new                             -                           LL.. .... ...L .++.+.
POST   plan_new                             -                           LL.. .... ...L .**.*.
GET    plan                                 a4                          LL.. .... ...L .++.+.
POST   plan                                 a4                          LL.. .... ...L .**.*.
GET    plan                                 a3                          LL.. .... ...L ......
GET    plan_cancel                          a4                          LL.. .... ...L .++.+.
POST   plan_cancel                          a4                          LL.. .... ...L .**.*.
POST   board_steps                          -                           LL.. .... ...L >**>*.
POST   report_order                         a2                          LL.. ***. **.L ***.*.
POST   report_order                         a3                          LL.. ***. ...L ***.*.
POST   report_order                         b1                          LL.. ...* ...L .**.*.
GET    report_download                      copy                        LL.. .... .+.L ......
GET    job                                  job                         LL.. .... .+.L ......
POST   job_cancel                           job                         LL.. .... .>.L ......
GET    import_assessments                   -                           LL.. .... ...L x++++.
POST   import_assessments                   -                           LL.. .... ...L x!!!!.
GET    import_batch                         batch                       LL.. .... ...L x+....
POST   import_confirm                       batch                       LL.. .... ...L x*....
POST   import_discard                       batch                       LL.. .... ...L x*....
GET    import_errors                        batch                       LL.. .... ...L x+....
GET    tool_list                            -                           LL.. .... ...L +++++.
GET    tool_import                          -                           LL.. .... ...L x++++.
POST   tool_import                          -                           LL.. .... ...L x!!!!.
GET    tool                                 tool                        LL.. .... ...L +++.+.
GET    tool_file                            tool                        LL.. .... ...L +++.+.
GET    tool_law                             tool                        LL.. .... ...L +++.+.
POST   tool_law                             tool                        LL.. .... ...L x!!.!.
GET    tool_law_file                        tool                        LL.. .... ...L +++.+.
GET    tool_changes                         latertool/tool              LL.. .... ...L +++.+.
POST   tool_changes                         latertool/tool              LL.. .... ...L x**.*.
GET    tool_translations                    tool                        LL.. .... ...L +++.+.
POST   tool_translations                    tool                        LL.. .... ...L x!!.!.
GET    tool_translations_file               tool                        LL.. .... ...L +++.+.
"""

# Addresses that answer one method only: the other ones are refused, whoever asks.
ONLY_GET = frozenset(
    {
        "access_request",
        "ask_search",
        "brand_requests",
        "grant_print",
        "request_inbox",
        "request_print",
        "short_code",
        "account_inactive",
        "account_reset_password_done",
        "account_reset_password_from_key_done",
        "api-schema",
        "api-schema-ui",
        "assessment",
        "assessment_list",
        "board",
        "brand",
        "brand_list",
        "correction",
        "corrections",
        "explain",
        "copies_to_destroy",
        "destroy_notices",
        "factory",
        "as_brand",
        "as_brand_assessment",
        "as_brand_after",
        "as_brand_after_assessment",
        "factory_list",
        "grant_document",
        "handover_list",
        "handover_scan",
        "health",
        "help",
        "health_ready",
        "metrics",
        "import_batch",
        "import_errors",
        "invitation",
        "job",
        "members",
        "monthly_summary",
        "old_versions",
        "programme",
        "programme_list",
        "plan_list",
        "factory_receipts",
        "brand_receipts",
        "receipt",
        "receipt_json",
        "receipt_pdf",
        "jwks",
        "ledger",
        "ledger_roots",
        "report_download",
        "report_openings",
        "shared_list",
        "supplier_list",
        "subscription_list",
        "brand_subscriptions",
        "tool",
        "tool_list",
        "tool_file",
        "tool_law_file",
        "tool_translations_file",
        "what_we_read",
        "factory_brand",
        "factory_brands",
        "who_could_see",
        "who_saw",
        "styleguide",
    }
)
ONLY_POST = frozenset(
    {
        "inbox_act",
        "undo_decision",
        "request_later",
        "requests_answer",
        "advisor_assign",
        "board_steps",
        "correction_acknowledge",
        "factory_import_confirm",
        "import_confirm",
        "import_discard",
        "invitation_resend",
        "invitation_withdraw",
        "job_cancel",
        "report_order",
        "report_withhold",
        "subscription_import_confirm",
        "webhook_again",
        "webhook_pause",
        "webhook_test",
    }
)


@dataclass(frozen=True)
class Row:
    """One address, place and method, and the letter of each persona."""

    method: str
    name: str
    place: str
    cells: dict[str, str]


def _row(line: str) -> Row:
    method, name, place, *cells = line.split()
    letters = "".join(cells)
    assert len(letters) == len(PERSONAS), line
    return Row(method, name, place, dict(zip(PERSONAS, letters, strict=True)))


ROWS = [_row(line) for line in (PAGES + API).splitlines() if line and not line.startswith("#")]
