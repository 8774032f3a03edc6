"""Pages that say what a decision opens: sharing, changing, answering, holding; why somebody reads or not."""
