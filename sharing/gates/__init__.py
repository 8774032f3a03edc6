"""Who may come in to the pages and addresses of consent."""
