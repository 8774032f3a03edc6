"""A person without a mouse: only keys, and a look at each step at where the focus is."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.visitor import PATIENCE, Visitor

MOST = 120  # steps from the beginning of a page to its end
# Looks at the element that has the focus, and at where it lies from the one that had it before.
LOOK = """() => {
    const one = document.activeElement, last = window.keysLast;
    const isOutside = one === document.body || one === document.documentElement;
    if (isOutside || (last && last !== one && one.matches(".skip-link"))) { window.keysLast = null; return null; }
    if (one === last) return {what: one.outerHTML.slice(0, 160), isStill: true};  // day, month and year of one field
    const style = getComputedStyle(one), before = last && last.isConnected ? last : null;
    const place = (element) => {
        const shown = element.getBoundingClientRect().width < 2 && element.labels && element.labels[0] || element;
        return shown.getClientRects()[0] || shown.getBoundingClientRect();
    };
    const here = place(one), there = before && place(before), rtl = document.dir === "rtl";
    const top = document.elementFromPoint(here.left + here.width / 2, here.top + here.height / 2);
    const beside = there && (rtl ? here.right <= there.left + 1 : here.left >= there.right - 1);
    window.keysLast = one;
    return {
        what: one.outerHTML.slice(0, 160).replace(/\\s+/g, " "),
        isOutlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        isUncovered: Boolean(top) && (one.contains(top) || top.contains(one) || (one.labels || [])[0] === top),
        isAfter: !before || Boolean(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING),
        isBelow: !before || here.bottom > there.top - 1 || beside,
    };
}"""
# How many places Tab stops at: a group of radio buttons is one, what is hidden or folded is none.
STOPS = """() => {
    const groups = new Set();
    return Array.from(document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']"))
        .filter((one) => !one.disabled && one.type !== "hidden" && one.tabIndex >= 0 && one.checkVisibility({
            contentVisibilityAuto: true, visibilityProperty: true,
        }))
        .filter((one) => {
            if (one.type !== "radio") return true;
            const group = `${one.form && one.form.action}|${one.name}`;
            return !groups.has(group) && groups.add(group);
        }).length;
}"""


class Keys:
    """The keyboard of a visitor. Each step forward must be seen, and go down the page as a reader does."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.visitor.page

    def press(self, key: str) -> None:
        """Press one key."""
        self.page.keyboard.press(key)

    def step(self) -> bool:
        """Press Tab until the focus is elsewhere, and look where it is; False once it has left the page."""
        found: dict[str, Any] = {}
        for _part in range(MOST):
            self.press("Tab")
            found = self.page.evaluate(LOOK) or {}
            if not found:
                return False
            if not found.get("isStill"):
                break
        wrong = [name for name, holds in found.items() if holds is False]
        assert not wrong, f"{self.page.url}: {wrong} of {found['what']}"
        return True

    def to(self, wanted: Locator) -> Locator:
        """Go to a control with Tab, from the place where the focus is."""
        expect(wanted).to_have_count(1, timeout=PATIENCE)
        for _step in range(MOST):
            if self.is_on(wanted):
                return wanted
            self.step()
        raise AssertionError(f"{self.page.url}: Tab does not reach {wanted}")

    def is_on(self, wanted: Locator) -> bool:
        """Whether the focus is on it; for a radio button, in its group."""
        return bool(
            wanted.evaluate(
                """(one) => {
                    const focused = document.activeElement;
                    return one === focused || (one.type === "radio" && one.name === focused.name);
                }"""
            )
        )

    def enter(self, wanted: Locator) -> None:
        """Go to a link or button, or a field of a form, and press Enter; the page to which it leads is looked at."""
        self.to(wanted)
        with self.page.expect_navigation():
            self.press("Enter")
        self.visitor.look()

    def tick(self, wanted: Locator) -> None:
        """Go to a checkbox and press Space, or to a group of radio buttons and press an arrow until it is chosen."""
        self.to(wanted)
        if wanted.get_attribute("type") == "radio":
            for _button in range(MOST):
                if wanted.evaluate("(one) => one === document.activeElement"):
                    break
                self.press("ArrowDown")
        if not wanted.is_checked():
            self.press("Space")
        expect(wanted).to_be_checked()

    def write(self, wanted: Locator, text: str) -> None:
        """Go to a field and type; what is in it is replaced."""
        self.to(wanted)
        if wanted.get_attribute("type") != "date":
            self.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def skip(self) -> None:
        """Skip the head of a page that was just opened: the first stop is the link that does, and it is seen."""
        self.press("Tab")
        link = self.page.locator(".skip-link")
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport(ratio=1)
        self.press("Enter")
        expect(self.page.locator("main")).to_be_focused()

    def walk(self, path: str) -> int:
        """Go through a whole page and back: no stop is left out, none holds the focus. Return how many there are."""
        assert self.visitor.open(path) == 200, path
        forward, stops = 0, self.page.evaluate(STOPS)
        while self.step():
            forward += 1
            assert forward <= stops, f"{path}: after {stops} stops the focus is still on the page"
        backward, last = 0, None
        while last is None or not last.evaluate("(one) => one.matches('.skip-link')"):
            self.press("Shift+Tab")
            here = self.page.evaluate_handle("document.activeElement")
            backward += here.evaluate("(one, last) => one !== last && one !== document.body", last)
            assert backward <= stops, f"{path}: after {stops} stops back the focus is not at the top"
            last = here
        assert (forward, backward) == (stops, stops), f"{path}: {forward} on and {backward} back of {stops} stops"
        return forward
