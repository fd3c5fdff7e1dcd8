"""Speak with the server of a report as a browser does, and read its forms."""

from __future__ import annotations

import html
import http.client
import json
import re
from typing import Any
from urllib.parse import urlencode

from copydesk.project import Project
from copydesk.report.server import Desk


def ask(desk: Desk, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", desk.server_port, timeout=30)
    key = {"Cookie": f"{desk.cookie}={desk.key}"}
    named = key | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body.encode() or None, named)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def origin(desk: Desk) -> dict[str, str]:
    return {
        "Origin": f"http://127.0.0.1:{desk.server_port}",
        "Content_Type": "application/x-www-form-urlencoded",
    }


def forms(text: str) -> list[dict[str, str]]:
    """What the forms of a page would send, a mapping for each button."""
    found = []
    for form in re.findall(r"<form (.*?)</form>", text, re.DOTALL):
        fields = re.findall(r'<input type="hidden" name="(.*?)" value="(.*?)">', form)
        hidden = {name: html.unescape(value) for name, value in fields}
        for value in re.findall(r'<button name="decision" value="(.*?)">', form):
            found.append({**hidden, "decision": value})
    return found


def form_of(desk: Desk, kind: str, page: str, **values: str) -> dict[str, str]:
    text = ask(desk, "GET", f"/{page}")[2]
    return next(f for f in forms(text) if f["decision"] == kind and values.items() <= f.items())


def send(desk: Desk, form: dict[str, str], **headers: str) -> tuple[int, dict[str, str], str]:
    return ask(desk, "POST", "/decide", urlencode(form), **{**origin(desk), **headers})


def lines(project: Project) -> list[dict[str, Any]]:
    path = project.seeds / "decisions.jsonl"
    return [json.loads(each) for each in path.read_text("utf-8").split("\n") if each.strip()] if path.exists() else []
