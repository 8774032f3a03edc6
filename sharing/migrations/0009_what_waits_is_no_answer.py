"""A yes that a second person has yet to confirm answers no request: those that it had closed are open again.

To the brand they were shown as open, and as declined where the second person refused: that is what their rows say now.
"""

from django.db import migrations

# An answered request is final to everybody but a migration.
REOPEN = """
ALTER TABLE sharing_accessrequest DISABLE TRIGGER USER;
WITH answer AS (
    SELECT a.request_id, bool_or(NOT g.needs_confirmation OR g.confirmed_at IS NOT NULL) AS is_given,
        bool_or(g.needs_confirmation AND g.confirmed_at IS NULL AND g.ended_at IS NULL) AS waits
    FROM sharing_requestanswer a JOIN sharing_sharinggrant g ON g.id = a.grant_id
    GROUP BY a.request_id
), now_so AS (
    SELECT r.id, answer.waits AND NOT EXISTS (
        SELECT FROM sharing_accessrequest o
        WHERE o.factory_id = r.factory_id AND o.brand_id = r.brand_id AND o.state = 'open'
    ) AS is_open
    FROM sharing_accessrequest r JOIN answer ON answer.request_id = r.id
    WHERE r.state = 'approved' AND NOT answer.is_given
)
UPDATE sharing_accessrequest r SET
    state = CASE WHEN is_open THEN 'open' ELSE 'declined' END,
    answered_at = CASE WHEN is_open THEN NULL ELSE r.answered_at END,
    answered_by_id = CASE WHEN is_open THEN NULL ELSE r.answered_by_id END
FROM now_so WHERE now_so.id = r.id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE sharing_accessrequest ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("sharing", "0008_search_records")]
    operations = [migrations.RunSQL(REOPEN, migrations.RunSQL.noop)]
