"""Help: how access works, and what the words on the pages mean."""
