"""Pages of the steps of assessments, and the staff's board."""
