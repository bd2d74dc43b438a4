"""XML from strangers: no document type, no entities, and Chinese encodings that the parser does not know."""

import io
import re
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from data.errors import UnreadableFile
from geo.errors import N_

DECLARATION = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"'][^>]*\?>")
KNOWN_TO_EXPAT = {"utf-8", "utf8", "utf-16", "us-ascii", "iso-8859-1"}
CHUNK_BYTES = 1 << 16


def refuse_entities(file: IO[bytes], name: str, *, root: str | None = None) -> None:
    """Refuse XML that declares a document type: entities multiply, or read other files. Nothing we read needs one.

    A document type can only stand before the root element, so no more than that is looked at. When the root is asked
    for, all must be well formed, so that another parser cannot find a second root behind it.

    Parameters
    ----------
    file : binary file
    name : str
        As the user gave it.
    root : str, optional
        The name that the root element must have.
    """
    roots: list[str] = []

    def doctype(*_: object) -> None:
        raise UnreadableFile(
            N_("%(file)s declares a document type or entities (DOCTYPE); it is refused as unsafe."), file=name
        )

    def reached(element: str, _: object) -> None:
        roots.append(element)
        parser.StartElementHandler = None

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = reached
    try:
        while chunk := file.read(CHUNK_BYTES):
            parser.Parse(chunk, False)
            if roots and root is None:
                return
            if roots and roots[0] != root:
                raise UnreadableFile(N_("%(file)s is XML, but no <%(root)s>."), file=name, root=root)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise broken(name, error) from error


def broken(name: str, error: Exception) -> UnreadableFile:
    """The refusal of XML that is not well formed, with the line where it broke."""
    line = getattr(error, "lineno", None) or getattr(error, "position", ("?",))[0]
    return UnreadableFile(
        N_("%(file)s is broken or cut off: its XML cannot be read at line %(line)s (%(reason)s)."),
        file=name,
        line=line,
        reason=str(error).split(":", 1)[0],
    )


def as_utf8(data: bytes, name: str) -> bytes:
    """XML in GBK, Big5 and other encodings that Python's parser lacks, as UTF-8."""
    declared = DECLARATION.match(data[:1000])
    if declared is None or declared[1].decode().lower() in KNOWN_TO_EXPAT:
        return data
    encoding = "gb18030" if declared[1].lower().startswith((b"gb", b"cp936")) else declared[1].decode()
    try:
        return data[declared.end() :].decode(encoding).encode()
    except (UnicodeDecodeError, LookupError) as error:
        raise UnreadableFile(
            N_("%(file)s says it is in %(encoding)s, but its text is not."), file=name, encoding=declared[1].decode()
        ) from error


def elements(data: bytes, name: str) -> Iterator[tuple[str, Element]]:
    """Start and end of each element in turn, as `xml.etree.ElementTree.iterparse` gives them.

    Raises
    ------
    UnreadableFile
        The XML is not well formed, declares entities, or is not in the encoding it says.
    """
    data = as_utf8(data.lstrip(), name)
    refuse_entities(io.BytesIO(data), name)
    try:
        yield from iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnreadableFile(
            N_("%(file)s declares a document type or entities (DOCTYPE); it is refused as unsafe."), file=name
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise broken(name, error) from error


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child_text(element: Element, name: str) -> str | None:
    """The text of the first child of that name, whatever its namespace; None when it is missing or empty."""
    for child in element:
        if local(child) == name:
            return (child.text or "").strip() or None
    return None
