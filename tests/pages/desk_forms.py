"""Forms of the staff pages, as a browser sends and a person reads them."""

import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient

PASSWORD = "correct horse battery"


def send(client: FlaskClient, path: str, data: dict[str, Any] | None = None, page: str | None = None) -> Any:
    """POST a form with the token of a page that shows one."""
    found = re.search(
        r'name="csrf_token" value="([^"]+)"', client.get(page or path, follow_redirects=True).text
    )
    assert found
    return client.post(path, data={**(data or {}), "csrf_token": found[1]})


def faults(page: str) -> dict[str, str]:
    """What stands beside each field."""
    found = re.findall(r'<p class="fault" id="([a-z_]+)-fault">([^<]+)<', page)
    return {name: words.strip() for name, words in found}


def fields_of(page: str) -> dict[str, str]:
    """What the form of a page would send, but for its token and its button."""
    main = page[page.index("<main") :]
    values = {}
    for control in re.findall(r"<input [^>]*>", main):
        name = re.search(r'name="([a-z_]+)"', control)
        value = re.search(r'value="([^"]*)"', control)
        if name and name[1] != "csrf_token":
            values[name[1]] = unescape(value[1]) if value else ""
    areas = re.findall(r'<textarea [^>]*name="([a-z_]+)"[^>]*>([^<]*)</textarea>', main)
    return values | {name: unescape(text) for name, text in areas}


def press(client: FlaskClient, page: str, button: str, **typed: str) -> Any:
    """Send a page's own form, changed by what is typed, by the button of this value."""
    action = re.search(r'<form [^>]*method="post" action="(/tariff-changes/new[^"]*)"', page)
    assert action
    assert f'value="{button}"' in page
    data = fields_of(page) | typed | {"step": button}
    return send(client, unescape(action[1]), data, page="/tariff-changes/new")
