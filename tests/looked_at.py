"""How a page is looked at by tests: what axe finds, and what is too small for old eyes and thumbs."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STRICT = {"resultTypes": ["violations"], "rules": {"color-contrast-enhanced": {"enabled": True}}}
"""Every rule that axe has switched on, and contrast of 7 : 1 instead of 4.5 : 1."""

USUAL = {"resultTypes": ["violations"]}

SMALL = """([letters, target]) => {
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const pressed = (one) => (["checkbox", "radio", "file"].includes(one.type) ? one.closest("label") : one);
  const found = [];
  for (const one of document.querySelectorAll("button, a, input, select, textarea, summary, label.button")) {
    // A tick, a choice or a file is pressed by its words.
    const { width, height } = pressed(one).getBoundingClientRect();
    if (!seen(one) || width < 2 || height < 2 || (width >= target && height >= target)) continue;
    found.push(`target ${one.textContent.trim() || one.name}: ${width} x ${height}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.data.trim();
    const around = texts.currentNode.parentElement;
    if (!words || ["SCRIPT", "NOSCRIPT", "STYLE"].includes(around.tagName) || !seen(around)) continue;
    const size = parseFloat(getComputedStyle(around).fontSize);
    if (size < letters) found.push(`letters ${words.slice(0, 30)}: ${size} px`);
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`wider than the screen: ${wide}`);
  return found;
}"""


def faults(page: Page, options: dict[str, Any] = USUAL) -> list[str]:
    """What axe finds wrong with a page as it is now: the rule, where, and what to do."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['target']}: {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def too_small(page: Page, *, letters_px: float = 18, target_px: float = 48) -> list[str]:
    """Letters and targets on a page that are smaller than these, and whether it is wider than the screen."""
    return list(page.evaluate(SMALL, [letters_px, target_px]))
