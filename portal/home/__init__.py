"""The first page of each role, and the menu.

Part of the composition root: it may ask every app, and no app imports it.
"""
