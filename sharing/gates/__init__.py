"""The checks of who may enter the pages and API addresses of consent."""
