"""Notices: what one organisation is told about, by mail and by webhook. Above accounts, below factories and brands."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """A notice is a row written with the change it tells of, and checked again when it is sent."""

    name = "portal.notices"
    label = "notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        from portal.notices import wellbeing
        from portal.notices.webhooks.kinds import register_kinds

        register_kinds()
        wellbeing.register()
