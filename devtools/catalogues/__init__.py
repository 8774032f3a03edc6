"""The translations of the pages: extracted from the sources, merged, checked and compiled without GNU gettext.

A tool of development, but for `compiling`, which each installation runs. The portal reads the compiled files under
`portal/locale`. A text that is not translated is absent from them; nothing is ever marked "fuzzy": a changed sentence
is a new sentence, to be translated again.
"""
