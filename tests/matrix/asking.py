"""Sending what a row of the table says."""

import json
from typing import Any

from django.test import Client


def send(client: Client, method: str, url: str, body: dict[str, Any]) -> tuple[Any, bytes]:
    """One request: the response, and all of its content; a file is read to its end."""
    if method == "GET":
        response: Any = client.get(url)
    elif url.startswith("/api/"):
        response = client.generic(method, url, json.dumps(body), content_type="application/json")
    else:
        response = client.generic(method, url) if method != "POST" else client.post(url, body)
    return response, b"".join(response.streaming_content) if response.streaming else response.content
