from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demo programme: invented data, refused unless DEBUG is on. Imported by nobody."""

    name = "portal.demo"
    label = "demo"
