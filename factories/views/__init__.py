"""Pages about factories and country programmes."""
