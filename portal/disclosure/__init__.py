"""Features on grants and reports together: previews, openings, explanations, 'see as they will', any past day."""
