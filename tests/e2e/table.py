"""The assessment table that the story begins with: the programme's columns and habits, invented contents.

Three visits with one questionnaire that the portal does not know: factories A and B of the world, and a third factory
that the portal does not know either.
"""

import csv
import io
from datetime import date, timedelta

COLUMNS = [
    "Country", "Factory Assessed ID", "Factory Assessed Name", "Quest ID", "Cycle", "Assesment Start Date",
    "Questionnaire", "Cluster", "CP", "Question ID", "Q Label", "Question type", "Finding", "Tags", "Remarks",
]  # fmt: skip
QUESTIONNAIRE = "Cambodia Garment CAT V9"
POINTS = {
    "Child Labour": ["Child Labourers", "Hazardous Work and other Worst Forms"],
    "Discrimination": ["Gender", "Race and Origin"],
    "Forced Labour": ["Coercion", "Forced Labour and Overtime"],
    "Freedom of Association and Collective Bargaining": ["Union Operations", "Collective Bargaining", "Strikes"],
    "Compensation": ["Overtime Wages", "Paid Leave", "Wage Information, Use and Deduction"],
    "Contracts and Human Resources": ["Employment Contracts", "Termination"],
    "Occupational Safety and Health": ["Worker Protection", "Emergency Preparedness", "Welfare Facilities"],
    "Working Time": ["Regular Hours", "Overtime", "Leave"],
}
NON_COMPLIANT = {"Overtime Wages", "Emergency Preparedness", "Overtime"}
VISITS = [
    ("KH-0001", "Tonle Lotus Garments", "80501", 5),
    ("KH-0002", "Mekong Heron Apparel", "80502", 3),
    ("KH-0777", "Lily Pond Knitwear", "80503", 1),
]


def table(assessed_on: date) -> bytes:
    """The CSV file, with exact duplicates, an extra column, and free text with quotes and a line break."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(COLUMNS)
    for number, visit in enumerate(VISITS):
        rows = [_row(visit, assessed_on - timedelta(days=number), *question) for question in _questions()]
        writer.writerows([*rows, rows[0]])
    return output.getvalue().encode()


def _questions() -> list[tuple[str, str, str, str, str, str, str]]:
    found = []
    for cluster, points in POINTS.items():
        for point in points:
            first = str(5000 + len(found))
            finding = "1" if point in NON_COMPLIANT else "0"
            label = f"The factory breaks a rule on {point.lower()}"
            found.append((cluster, point, first, label, "NC", finding, "Public Disclosure"))
            second = str(5000 + len(found))
            found.append((cluster, point, second, f"Records on {point.lower()} are missing", "NC", "0", ""))
    text = 'Workers said: "18 days",\nand the records agree.'
    found.append(("Working Time", "Leave", "5900", "How many days of annual leave do workers get", "FGW", text, ""))
    return found


def _row(visit: tuple[str, str, str, int], day: date, *question: str) -> list[str]:
    bw_id, name, quest_id, cycle = visit
    cluster, point, ext_id, label, kind, finding, tags = question
    visited = ["Cambodia", bw_id, name, quest_id, str(cycle), day.strftime("%d/%m/%Y"), QUESTIONNAIRE]
    return [*visited, cluster, point, ext_id, label, kind, finding, tags, "seen"]
