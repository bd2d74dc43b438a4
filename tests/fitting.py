"""How a page fits its screen: nothing sticks out, nothing is cut, nothing is left in the wrong language."""

import re
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po
from playwright.sync_api import Page

from webmap.catalogues import CATALOGUES

CUT = r"""() => {
  const found = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`wider than the screen: ${wide} of ${innerWidth}`);
  const said = (element) => element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  for (const box of document.querySelectorAll("body *")) {
    // What is for ears alone is one pixel large; a map's panes are larger than the map by their nature.
    if (box.clientWidth < 3 || box.closest("svg, .leaflet-container") || !said(box) || !seen(box)) continue;
    if (box.querySelector(".leaflet-container")) continue;
    const { overflowX, overflowY } = getComputedStyle(box);
    const shut = (overflow) => ["hidden", "clip"].includes(overflow);
    if (shut(overflowX) && box.scrollWidth > box.clientWidth + 1) found.push(`cut: ${said(box)}`);
    if (shut(overflowY) && box.scrollHeight > box.clientHeight + 2) found.push(`cut below: ${said(box)}`);
  }
  const broken = (node, from, to) => {
    const range = document.createRange();
    range.setStart(node, from);
    range.setEnd(node, to);
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 0);
    return rects.length > 1 && Math.abs(rects[0].top - rects[rects.length - 1].top) > 4;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const around = node.parentElement;
    const box = around.getBoundingClientRect();
    if (["SCRIPT", "NOSCRIPT", "STYLE", "OPTION"].includes(around.tagName) || box.width < 3 || !seen(around)) continue;
    // Words of letters, numbers and hours stay whole; addresses and long codes may break.
    for (const word of node.data.matchAll(/(?<![\w./:@-])[A-Za-z]{2,14}(?![\w./:@-])|(?<![\w:])\d\d(:\d\d)+/g)) {
      if (broken(node, word.index, word.index + word[0].length)) found.push(`broken: ${word[0]} in ${said(around)}`);
    }
    const short = node.data.trim();
    if (short.length > 1 && short.length < 5 && around.closest("button, summary, .button, .chip, .tag, .code")) {
      const from = node.data.indexOf(short);
      if (broken(node, from, from + short.length)) found.push(`broken: ${short}`);
    }
  }
  return found;
}"""

SMALL = r"""(least) => {
  const pressed = (one) => (["checkbox", "radio", "file"].includes(one.type) ? one.closest("label") ?? one : one);
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  return [...document.querySelectorAll("button, input, select, textarea, summary, .button, nav a")]
    .filter(seen).map((one) => [one, pressed(one).getBoundingClientRect()])
    .filter(([, box]) => box.width > 2 && box.height > 2 && (box.width < least - 0.5 || box.height < least - 0.5))
    .map(([one, box]) => `small: ${one.textContent.trim() || one.name || one.className}: ${box.width} x ${box.height}`);
}"""

TEXTS = r"""() => {
  const found = [];
  const others = "[lang]:not(html), [translate=no], .gp-sources, .leaflet-control-attribution, footer, .who";
  const own = (element) => !element.closest(others);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const around = texts.currentNode.parentElement;
    if (!["SCRIPT", "NOSCRIPT", "STYLE"].includes(around.tagName) && own(around)) found.push(texts.currentNode.data);
  }
  for (const name of ["placeholder", "title", "aria-label", "alt", "data-busy"]) {
    for (const one of document.querySelectorAll(`[${name}]`)) if (own(one)) found.push(one.getAttribute(name));
  }
  return found.concat(document.title).map((text) => text.trim()).filter(Boolean);
}"""

FOCUS = r"""() => {
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const main = document.querySelector("main") ?? document.body;
  const first = [...main.querySelectorAll("button:not(.plain, .quiet, :disabled), a.button:not(.quiet)")].find(seen);
  if (!first) return [];
  if (first.tabIndex < 0) return [`Tab passes by: ${first.textContent.trim()}`];
  first.focus();
  const { outlineStyle, outlineWidth } = getComputedStyle(first);
  const clear = document.activeElement === first && outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  first.blur();
  return clear ? [] : [`no ring around: ${first.textContent.trim()}`];
}"""

WORD = re.compile(r"(?<![\w./:@%({-])[A-Za-z]{3,}(?![\w/:@-]|\.\w)")
"""A word as people read it: no part of an address, of a file's name, or of a place to be filled."""


def cut(page: Page) -> list[str]:
    """What sticks out of a page, is cut off by its box, or is torn in two."""
    return list(dict.fromkeys(page.evaluate(CUT)))


def too_small(page: Page, least_px: float = 44) -> list[str]:
    """What people press on a page and is smaller than a thumb."""
    return list(page.evaluate(SMALL, least_px))


def unclear(page: Page) -> list[str]:
    """Why the main action of a page is lost to those who have only a keyboard."""
    return list(page.evaluate(FOCUS))


def left_english(page: Page) -> list[str]:
    """Words of our own English on a page that is read in Chinese."""
    return sorted({word for text in page.evaluate(TEXTS) for word in WORD.findall(text) if word.lower() in _english()})


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    """Words of the English messages that no Chinese one has."""
    with Path(CATALOGUES, "zh", "LC_MESSAGES", "messages.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    texts = [(_all(message.id), _all(message.string)) for message in messages]
    ours = {word.lower() for english, _ in texts for word in WORD.findall(english)}
    return frozenset(ours - {word.lower() for _, chinese in texts for word in WORD.findall(chinese)})


def _all(text: object) -> str:
    return " ".join(map(str, text)) if isinstance(text, (list, tuple)) else str(text)
