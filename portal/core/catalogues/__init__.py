"""The translations of the pages: extracted from the sources, merged, checked and compiled without GNU gettext.

A tool of development: it needs Babel and is imported by `manage.py catalogues` and its test only. The portal
itself reads the compiled files under `portal/locale`. A text that is not translated is absent from the compiled
file; nothing is ever marked "fuzzy": a changed sentence is a new sentence, to be translated again.
"""
