"""Somebody who opens the pages in a browser: a customer, or staff."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from playwright.sync_api import Browser, BrowserContext, Page


@dataclass
class Opener:
    """Opens pages, each in a browser of its own."""

    browser: Browser
    site: str
    contexts: list[BrowserContext]

    def open(
        self,
        path: str = "/",
        *,
        width: int = 360,
        height: int = 780,
        language: str = "zh-CN",
        elder: bool = False,
        dark: bool = False,
        script: bool = True,
        scale: float = 1,
    ) -> Page:
        """A page of the site in a browser of its own."""
        context = self.browser.new_context(
            base_url=self.site,
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            device_scale_factor=scale,
        )
        self.contexts.append(context)
        if elder:
            context.add_cookies([{"name": "elder", "value": "1", "url": self.site}])
        page = context.new_page()
        page.goto(path)
        return page


class Visitor(Opener):
    """A customer, who looks orders up."""

    def look_up(self, page: Page, number: str, last4: str = "1234") -> None:
        """Fill the form and send it."""
        page.locator("#number").fill(number)
        page.locator("#last4").fill(last4)
        with page.expect_navigation():
            page.locator("main form button").click()


@dataclass
class Clerk(Opener):
    """Staff, who have signed in: `cookie_of` makes the cookie of somebody by their username."""

    cookie_of: Callable[[str], str]
    password: ClassVar[str] = "correct horse battery"

    def enter(self, path: str = "/", *, username: str = "wang.min", **how: Any) -> Page:
        """A page that is shown to those who have signed in."""
        page = self.open("/sign-in", **how)
        cookie = {"name": "session", "value": self.cookie_of(username), "url": self.site}
        page.context.add_cookies([cookie])
        page.goto(path)
        return page
