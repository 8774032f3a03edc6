"""Signs of life of the processes that no user visits."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one worker or beat process, by the database's clock.

    `name` is its kind, host and number, `state_folder` the id of the folder it sees (`health.state_folder`).
    """

    class Process(models.TextChoices):
        WORKER = "worker"
        BEAT = "beat"

    name = models.CharField(max_length=250, primary_key=True)
    process = models.CharField(max_length=10, choices=Process.choices)
    at = models.DateTimeField()
    state_folder = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(process__in=["worker", "beat"]), name="core_heartbeat_process"),
        ]

    def __str__(self) -> str:
        return f"{self.process} {self.name}"
