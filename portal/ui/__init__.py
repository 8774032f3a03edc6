"""Parts of pages: template tags, charts, and what the forms and lists of every app share."""
