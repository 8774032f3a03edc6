"""A person at a browser of their own, who notices what is wrong with a page."""

import json
import os
import re
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, expect

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
PATIENCE = 30_000  # milliseconds; only ever waited for when something is wrong
SCAN = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => ({
        rule: one.id, impact: one.impact, help: one.help, where: one.nodes.map((node) => node.target.join(" ")),
    }));
}"""
SHAPE = """() => JSON.stringify([
    window.innerWidth, document.dir, matchMedia("(prefers-color-scheme: dark)").matches,
    ...Array.from(document.querySelectorAll("*"), (one) => [
        one.tagName, ...Array.from(one.attributes, ({name, value}) => (
            /^(class|style|role|type|hidden|aria-|tabindex)/.test(name) ? [name, value] : name
        )),
    ]),
])"""
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of (404|403|400|409)")


class Visitor:
    """One person, signed in through the form, in a browser context of their own.

    `problems` collects what no page may do: errors of scripts, refusals by the content policy, requests to other
    sites, missing files, answers of 500.
    """

    _scanned: ClassVar[set[str]] = set()  # pages that looked the same but for words and addresses

    def __init__(self, context: BrowserContext, base: str, name: str = "", *, may_scan: bool = True) -> None:
        self.context, self.base, self.name, self.may_scan = context, base, name, may_scan
        self.problems: list[str] = []
        self.scanned = 0
        context.set_default_timeout(PATIENCE)
        self.page = self.tab()

    def tab(self) -> Page:
        """Another tab of the same browser."""
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("response", self._response)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not EXPECTED.search(message.text):
            self.problems.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        path = response.url.removeprefix(self.base)
        if path == response.url and not response.url.startswith(("data:", "blob:")):
            self.problems.append(f"another site was asked: {response.url}")
        if response.status >= 500 or (response.status >= 400 and path.startswith("/static/")):
            self.problems.append(f"{response.status}: {path}")

    def sign_in(self, email: str, password: str) -> None:
        """Through the form."""
        self.open("/accounts/login/")
        self.page.get_by_label("E-mail").or_(self.page.get_by_label("Email")).fill(email)
        self.page.get_by_label("Password").fill(password)
        self.press("Sign in")
        expect(self.page).to_have_url(f"{self.base}/")
        self.look()

    def open(self, path: str) -> int:
        """Type an address; the status of the answer."""
        response = self.page.goto(self.base + path)
        self.look()
        return response.status if response else 0

    def follow(self, words: str, *, first: bool = False) -> None:
        """Click a link by its words and look at where it leads."""
        link = self.page.get_by_role("link", name=words)
        (link.first if first else link).click()
        self.look()

    def menu(self, words: str) -> None:
        """Choose an entry of the main menu: in the header, in the bar of a phone, or else in the account menu."""
        if not self.page.locator("header nav.site-nav").is_visible():
            self.page.locator("details.menu > summary").click()
        self.page.locator("header nav:visible").get_by_role("link", name=words, exact=True).click()
        self.look()

    def account(self, words: str) -> None:
        """Choose an entry of the account menu."""
        self.page.locator("details.menu > summary").click()
        self.page.locator("details.menu").get_by_role("link", name=words, exact=True).click()
        self.look()

    def press(self, words: str) -> None:
        """Press a button by its words."""
        self.page.get_by_role("button", name=words, exact=True).click()

    def main(self) -> Locator:
        """The content of the page."""
        return self.page.locator("main")

    def sees(self, words: str) -> None:
        """The words stand in the content (wait for them if need be)."""
        expect(self.main()).to_contain_text(words, timeout=PATIENCE)

    def finds_nothing(self, page: Page | None = None) -> None:
        """The page says that there is nothing here."""
        expect((page or self.page).locator("main")).to_contain_text("Page not found", timeout=PATIENCE)

    def status(self, path: str) -> int:
        """The status of an address, asked with this browser's session."""
        return self.context.request.get(self.base + path if path.startswith("/") else path).status

    def get(self, path: str) -> Any:
        """An answer of the API."""
        return self.context.request.get(self.base + path).json()

    def look(self) -> None:
        """Scan the page for what people who see, hear or move differently could not use; nothing else may be wrong."""
        self.page.wait_for_load_state("load")
        found = self._scan() if self.may_scan else []
        self.scanned += 1
        assert not found, f"{self.page.url}: {json.dumps(found, indent=1)}"
        assert not self.problems, f"{self.page.url}: {self.problems}"
        self._keep_picture()

    def _scan(self) -> list[dict[str, Any]]:
        """What axe calls serious or critical; asked once of pages that differ only in words and addresses.

        It is a script: it needs a browser that runs them.
        """
        shape = str(self.page.evaluate(SHAPE))
        if shape in self._scanned:
            return []
        self._scanned.add(shape)
        self.page.evaluate(AXE)
        return list(self.page.evaluate(SCAN))

    def _keep_picture(self) -> None:
        if folder := os.environ.get("PORTAL_SCREENSHOTS"):
            slug = re.sub(r"[^a-z0-9]+", "-", self.page.url.removeprefix(self.base).split("?")[0].lower()).strip("-")
            self.page.screenshot(path=f"{folder}/{self.name}-{self.scanned:02}-{slug or 'home'}.png", full_page=True)

    def fits(self) -> None:
        """Nothing is wider than the screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} pixels wider than the screen"
