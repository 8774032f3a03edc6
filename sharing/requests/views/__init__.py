"""Pages of asking and of answering."""
