"""Publishing and correcting reports, as the country's staff do."""

from assessments.models import Answer, Assessment
from assessments.publication.services import start_correction, take_step
from portal.accounts.models import User
from tests.world import World

TO_PUBLICATION = {
    "planned": "start",
    "in_progress": "submit",
    "internal_review": "send_to_factory",
    "factory_review": "publish",
}


def advance(by: User, assessment: Assessment, *, to: str) -> Assessment:
    """Take an assessment that is not published yet step by step to a later state."""
    while assessment.state != to:
        assessment = take_step(by=by, assessment=assessment, name=TO_PUBLICATION[assessment.state])
    return assessment


def publish(world: World, draft: Assessment) -> Assessment:
    """Take an assessment of Cambodia through all its states until it is published."""
    return advance(world.person("programme_manager"), draft, to="published")


def correct(world: World, assessment: Assessment, **answers: str) -> Assessment:
    """Publish a correction in which some questions (`q1020="nc"`) are answered otherwise."""
    staff = world.person("programme_manager")
    new = start_correction(by=staff, assessment=assessment, note="Overtime was counted twice")
    for ext_id, finding in answers.items():
        changed = Answer.objects.filter(assessment=new, question__ext_id=ext_id.removeprefix("q"))
        changed.update(finding=finding, note="Seen anew")
    take_step(by=staff, assessment=new, name="send_to_factory")
    published = take_step(by=staff, assessment=new, name="publish")
    assessment.refresh_from_db()
    return published
