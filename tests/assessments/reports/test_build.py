"""The rules of a report: what counts, what is shown, what never is."""

import json

import pytest

from assessments.reports import build_document, point_status
from assessments.reports.build import plain, public_tags
from assessments.reports.schema import render_json
from sharing.scopes import ASSESSMENT_SCOPES
from tests.assessments.reports.sample import STAMP, answer, document, header, rows


def build(*answers, scope="report", **facts):
    return build_document(header(**facts), answers, scope=scope, language="en")


def only_point(built):
    return built.clusters[0].points[0]


def test_r12_nothing_tells_where_a_finding_came_from():
    built = build(
        answer(ext_id="FP-BAS-26", finding="nc", tags=["SLCP", "CAF 1.6", "Step 1", "Public Disclosure"]),
        answer(ext_id="1002", finding="nc", step=None),
    )
    content = render_json(built, STAMP).decode()
    assert not [word for word in ("SLCP", "CAF", "CAT", "FP-BAS", '"step"', "tool") if word in content]
    assert [found.ext_id for found in only_point(built).findings] == ["1", "1002"]
    assert only_point(built).findings[0].tags == ("Public Disclosure",)


def test_r12_a_question_has_the_same_number_in_both_scopes():
    asked = [answer(step=None, ext_id="FP-BAS-1"), answer(ext_id="FP-BAS-2", finding="nc")]
    for scope in ("report", "step1"):
        assert only_point(build(*asked, scope=scope)).findings[-1].ext_id == "2"


def test_r13_a_factorys_own_answer_is_never_a_finding():
    built = build(answer(finding="nc", value="yes", provenance="self_assessed"), scope="step1")
    assert only_point(built).status == "not_assessed"
    assert only_point(built).counts.nc == 0
    assert only_point(built).findings[0].finding == "info"
    assert built.total.points_assessed == 0


@pytest.mark.parametrize("scope", ASSESSMENT_SCOPES)
@pytest.mark.parametrize("step", [2, 3])
def test_r15_steps_2_and_3_are_in_no_report(scope, step):
    built = build(answer(step=step, finding="nc"), answer(ext_id="1002"), scope=scope)
    assert built.total.questions_assessed == 1
    assert built.total.points_nc == 0


def test_questions_of_better_works_own_are_in_the_report_and_not_in_step_1():
    own = answer(step=None, finding="nc")
    assert build(own, scope="report").total.points_nc == 1
    assert build(own, scope="step1").clusters == ()


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        (["compliant", "nc", "compliant"], "nc"),
        (["compliant", "nc_national_law"], "nc_national_law"),
        (["compliant", "not_assessed"], "compliant"),
        (["not_applicable", "not_assessed"], "not_assessed"),
        (["not_applicable"], "not_applicable"),
        ([], "not_assessed"),
    ],
)
def test_r22_one_non_compliant_question_makes_the_point_non_compliant(findings, status):
    assert point_status(findings) == status


def test_r22_information_not_applicable_and_unanswered_never_count():
    built = build(
        answer(question_type="FGW", finding="nc", value="12"),
        answer(finding="not_applicable"),
        answer(finding=None, provenance=None),
    )
    assert only_point(built).status == "not_assessed"
    assert built.total.questions_assessed == 0
    assert built.total.rate is None


def test_r22_the_rate_is_non_compliant_points_over_points_assessed():
    built = build(
        answer(compliance_point="A", finding="nc"),
        answer(compliance_point="B", finding="compliant"),
        answer(compliance_point="C", finding="compliant"),
        answer(compliance_point="D", finding=None),
    )
    assert (built.total.points_nc, built.total.points_assessed, built.total.rate) == (1, 3, 0.3333)


def test_r23_a_virtual_check_covers_only_its_subset():
    asked = [answer(compliance_point="A", finding="nc", in_vcc=False), answer(compliance_point="B")]
    built = build(*asked, scope="step1", mode="virtual")
    outside = only_point(built).findings[0]
    assert (outside.finding, outside.provenance) == ("not_assessed", "")
    assert built.total.points_assessed == 1


def test_r49_non_compliance_by_national_law_has_its_own_marker():
    built = build(answer(finding="nc_national_law"))
    assert only_point(built).status == "nc_national_law"
    assert built.total.points_nc == 0


def test_r49_hidden_national_law_results_look_like_any_gap():
    hidden = build(answer(finding="nc_national_law", note="why"), scope="step1", national_law_results_hidden=True)
    gap = build(answer(finding=None, note=""), scope="step1", national_law_results_hidden=True)
    assert hidden == gap


def test_the_report_scope_does_not_tell_compliant_questions():
    built = build(answer(ext_id="1"), answer(ext_id="2", finding="nc"), answer(ext_id="3", finding=None))
    assert [found.ext_id for found in only_point(built).findings] == ["2"]
    assert only_point(built).counts.compliant == 1
    assert only_point(built).counts.not_assessed == 1


def test_the_step1_scope_tells_every_step_1_question():
    asked = [row for row in rows() if row["step"] == 1]
    told = [found for c in document("step1").clusters for p in c.points for found in p.findings]
    assert [found.ext_id for found in told] == [row["ext_id"] for row in asked]


def test_an_unknown_finding_stops_the_report():
    with pytest.raises(ValueError, match="Question 1001: unknown finding 'maybe'"):
        build(answer(finding="maybe"))


def test_an_unknown_scope_is_refused():
    with pytest.raises(ValueError, match="Unknown report scope"):
        build(answer(), scope="improvement_plan")


def test_the_cluster_lines_add_up_to_the_total():
    built = document()
    for field in ("questions_assessed", "points_assessed", "points_nc"):
        assert sum(getattr(line, field) for line in built.summary) == getattr(built.total, field)


def test_control_characters_do_not_reach_a_report():
    assert plain("a\x00b\x0bc\r\nd\ud800") == "abc\nd"


def test_r11_r12_tags_about_zero_tolerance_and_slcp_are_dropped():
    assert public_tags(["Zero Tolerance", "slcp", "RH-AGE-5", "Step 2", "", "Wages"]) == ("Wages",)


def test_the_same_rows_give_the_same_document():
    assert document() == document()
    assert json.loads(render_json(document(), STAMP)) == json.loads(render_json(document(), STAMP))
