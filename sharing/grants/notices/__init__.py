"""What brands and factories are told about grants."""
