"""A map as one file that opens from a disk, without internet and without us."""

import base64
import hashlib
import re
from pathlib import Path

import folium
from markupsafe import escape

from webmap import language
from webmap.maps.base import render

STATIC = Path(__file__).parents[1] / "static"
IMAGE = re.compile(r"url\((['\"]?)(?!data:|#)([^)'\"]+\.(?:png|svg))\1\)")
LINK = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
SCRIPT = re.compile(r'<script src="([^"]+)" nonce="">')
CLOSING = re.compile(r"</(script|style)", re.IGNORECASE)
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def standalone(town: folium.Map, *, title: str) -> str:
    """Return a map as one HTML document with its scripts, styles and pictures inside.

    The document's own content policy lets nothing be fetched and no script run but those whose fingerprints it names.

    Parameters
    ----------
    town : folium.Map
        From `webmap.maps.drawn.town_map`.
    title : str
        What the browser's tab says.

    Raises
    ------
    ForeignAsset
        Something on the map would be fetched from another host.
    """
    parts = render(town, nonce="", asset=str)
    head = LINK.sub(lambda link: f"<style>{style_text(link[1])}</style>", parts.head)
    scripts: list[str] = []
    inlined = SCRIPT.sub(lambda tag: f"<script>{script_text(tag[1])}", parts.script).replace(
        '<script nonce="">', "<script>"
    )
    for text in re.findall(r"<script>(.*?)</script>", inlined, re.DOTALL):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        scripts.append(f"'sha256-{digest}'")
    policy = f"default-src 'none'; script-src {' '.join(scripts)}; style-src 'unsafe-inline'; img-src data:"
    return PAGE.format(
        language="zh-CN" if language.current() == "zh" else "en",
        policy=policy,
        title=escape(title),
        head=head,
        body=parts.body,
        script=inlined,
    )


PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}
</head>
<body class="gp-alone">
<main class="gp-page">
{body}
</main>
{script}
</body>
</html>
"""


def style_text(name: str, folder: Path = STATIC) -> str:
    """Return a style sheet with its pictures inside."""
    path = folder / name

    def picture(found: re.Match[str]) -> str:
        data = base64.b64encode((path.parent / found[2]).read_bytes()).decode()
        kind = "svg+xml" if found[2].endswith(".svg") else "png"
        return f"url(data:image/{kind};base64,{data})"

    return CLOSING.sub(r"<\\/\1", IMAGE.sub(picture, path.read_text("utf-8")))


def script_text(name: str, folder: Path = STATIC) -> str:
    """Return a script, fit to stand inside a document."""
    return CLOSING.sub(r"<\\/\1", SOURCE_MAP.sub("", (folder / name).read_text("utf-8"))).strip()
