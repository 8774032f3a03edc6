"""The index of what grants may open to brands, and the reports that it points to."""
