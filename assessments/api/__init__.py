"""Assessments over the API: reading them (`reading`), and files and jobs (`files`)."""
