"""The steps of an assessment from one state to the next, up to its publication and withdrawal."""
