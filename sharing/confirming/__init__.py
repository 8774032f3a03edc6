"""The second person of a factory, who confirms grants before they take effect."""
