"""Parts of pages: template tags, charts, and the shared parts of every app's forms and lists."""
