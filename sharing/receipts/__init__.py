"""What a receipt is: its number, its payload, its document, its PDF, and how one is checked."""
