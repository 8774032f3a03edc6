"""Reading assessments: lists, one assessment, and what a reader sees of it."""
