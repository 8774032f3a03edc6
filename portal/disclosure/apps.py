"""The app of what needs grants and reports together; it has no tables of its own."""

from django.apps import AppConfig


class DisclosureConfig(AppConfig):
    """The app that registers the factory's notice of a publication."""

    name = "portal.disclosure"
    label = "disclosure"
    verbose_name = "Disclosure"

    def ready(self) -> None:
        """Make the kind of notice known."""
        import portal.disclosure.notices  # noqa: F401 - registers the kind
