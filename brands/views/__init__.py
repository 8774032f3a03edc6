"""Pages about brands: the brands themselves, their supplier lists, their integrations."""
