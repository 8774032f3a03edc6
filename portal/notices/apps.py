"""Notices of news to organisations, by mail and by webhook. Above accounts, below factories and brands."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """The app of notices: rows written with the change that they announce, and checked again when they are sent."""

    name = "portal.notices"
    label = "notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        from portal.notices import wellbeing
        from portal.notices.webhooks.kinds import register_kinds

        register_kinds()
        wellbeing.register()
