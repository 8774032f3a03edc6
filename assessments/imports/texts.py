"""The messages about a long table, besides those about any table in `portal.core.tables.texts`."""

from django.utils.translation import gettext_lazy as _

from portal.core.tables.texts import ProblemText


class LongTableText(ProblemText):
    """The errors that a table of assessments may have."""

    FOREIGN = (
        "long_table.foreign",
        _(
            "This looks like a self-assessment or another verifier's data (columns: %s). Better Work neither "
            "imports nor verifies it; only the programme's own assessments are imported."
        ),
    )
    NOT_IMPORTED = (
        "long_table.not_imported",
        _(
            "This is a self-assessment or another verifier's data. Better Work neither imports nor verifies it; "
            "only the programme's own assessments are imported."
        ),
    )
    REPORT_COPY = (
        "long_table.report_copy",
        _("This is a copy of a report. Import the programme's own table, which names the questionnaire."),
    )
    MOST_NAMED = "long_table.most_named", _("A file can contain at most %(most)s %(what)s. Split this one.")
    ASSESSMENTS = "long_table.assessments", _("assessments")
    QUESTIONS = "long_table.questions", _("questions")
    TAG_SETS = "long_table.tag_sets", _("combinations of tags")

    # --- what a cell may say
    FINDINGS = "long_table.findings", _("1 (non-compliant), 0 (compliant), or nothing (not answered)")
    ID_LETTERS = "long_table.id_letters", _("letters, digits, dots, dashes and slashes")
    COUNTRIES = "long_table.countries", _("the English name of a country")
    CYCLES = "long_table.cycles", _("a whole number from 1 to %s")
    TYPES = "long_table.types", _("NC, FGW")
    MODES = "long_table.modes", _("On site, Virtual, or nothing")
    NO_NAME = "long_table.no_name", _("The factory has no name.")
    LONG_TAG = "long_table.long_tag", _("A tag has at most %s characters.")

    # --- the table with itself
    TWO_FINDINGS = (
        "long_table.two_findings",
        _("Question %(question)s of Quest ID %(quest)s has “%(said)s” in row %(row)s. Keep one of the two."),
    )
    END_FIRST = "long_table.end_first", _("The last day is before the first day, %s.")
    ONE_ASSESSMENT = (
        "long_table.one_assessment",
        _("Quest ID %(quest)s has “%(there)s” in row %(row)s. Use one value for each assessment."),
    )
    ONE_COUNTRY = (
        "long_table.one_country",
        _("Factory %(factory)s is in %(there)s in row %(row)s. A factory can be in only one country."),
    )
    ONE_PLACE = (
        "long_table.one_place",
        _("Question %(question)s has “%(there)s” in row %(row)s. Use one value for each question of a questionnaire."),
    )
    ONE_WORDING = (
        "long_table.one_wording",
        _("Question %(question)s is worded differently in row %(row)s. Use one wording in a new questionnaire."),
    )
    ONE_PER_CYCLE = (
        "long_table.one_per_cycle",
        _(
            "Factory %(factory)s, cycle %(cycle)s has Quest ID %(other)s in row %(row)s. Use one for each "
            "factory and cycle."
        ),
    )

    # --- the table with what is here
    NO_ASSESSMENTS = "long_table.no_assessments", _("No factory assessments are made in %s.")
    OTHERS_COUNTRY = (
        "long_table.others_country",
        _("You cannot import assessments for %s. Ask its staff or the global staff."),
    )
    ALL_ROWS = (
        "long_table.all_rows",
        _("This error applies to all %(rows)s rows of the country (%(visits)s assessments)."),
    )
    ID_TAKEN = "long_table.id_taken", _("This id cannot be used in %s. Check the country and the id.")
    NO_FACTORY = (
        "long_table.no_factory",
        _("There is no factory with the id %s. Correct the id, or ask the staff who enrol factories to add it first."),
    )
    OTHERS_QUESTIONNAIRE = "long_table.others_questionnaire", _("This questionnaire belongs to another country.")
    NO_QUESTION = (
        "long_table.no_question",
        _("“%s” has no question with this id. Correct the id, or import the newer questionnaire first."),
    )
    OTHER_PLACE = "long_table.other_place", _("In this questionnaire, question %(question)s has “%(known)s”.")
    CYCLE_TAKEN = (
        "long_table.cycle_taken",
        _("Factory %(factory)s already has an assessment in cycle %(cycle)s: Quest ID %(quest)s."),
    )
    NO_QUEST_ID = "long_table.no_quest_id", _("none")
    OTHERS_ASSESSMENT = "long_table.others_assessment", _("This Quest ID belongs to another factory's assessment.")
    OTHER_CYCLE = "long_table.other_cycle", _("In the portal, this Quest ID belongs to cycle %s.")
    OTHER_QUESTIONNAIRE = (
        "long_table.other_questionnaire",
        _("In the portal, this Quest ID uses the questionnaire “%s”."),
    )
    IN_FACTORY_REVIEW = (
        "long_table.in_factory_review",
        _("This assessment is in factory review, but the table differs from it. Return it to internal review first."),
    )
    PUBLISHED = (
        "long_table.published",
        _("This assessment was published, but the table differs from it. Start a correction first."),
    )
