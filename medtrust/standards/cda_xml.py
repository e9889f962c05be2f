"""The XML of HL7 version 3: a document or a piece of one as elements with their places, nothing of their meaning."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lxml import etree

from medtrust.errors import InputError

if TYPE_CHECKING:
    from medtrust.standards.loss import Marks

__all__ = ["Element", "parse"]

_V3 = "urn:hl7-org:v3"
_PREFIXES = {_V3: "", "urn:hl7-org:sdtc": "sdtc:", "http://www.w3.org/2001/XMLSchema-instance": "xsi:"}
_DECLARATION = re.compile(rb"^\s*<\?xml\s[^>]*\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_WRAPPED = (
    b'<?xml version="1.0" encoding="%s"?><fragment xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" '
    b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:voc="urn:hl7-org:v3/voc">%s</fragment>'
)
# Documents of HL7 have none of these; what has them wants to read other files, or to fill the memory.
_FORBIDDEN = (b"<!doctype", b"<!entity")


class Element:
    """One element and where it stands: an XPath of names, with a number where several of a name stand side by side."""

    __slots__ = ("path", "raw")

    def __init__(self, raw: Any, path: str) -> None:
        self.raw = raw
        self.path = path

    @property
    def name(self) -> str:
        """The local name, behind a prefix or namespace if it is not of HL7 version 3."""
        return _name(self.raw.tag)

    def children(self, name: str = "") -> list[Element]:
        """Return the elements inside, or those of one name."""
        return [child for child in _children(self) if not name or child.name == name]

    def find(self, *names: str) -> Element | None:
        """Return the first element on the way down through these names, None if there is none."""
        at: Element | None = self
        for name in names:
            at = next(iter(at.children(name)), None) if at else None
        return at

    def everywhere(self, name: str) -> Iterator[Element]:
        """Yield every element of a name, this one or below it, in the order of the document."""
        if self.name == name:
            yield self
        for child in _children(self):
            yield from child.everywhere(name)

    def attribute(self, name: str) -> str:
        """Return an attribute without spaces around it, "" if it is not there."""
        return (self.raw.get(name) or "").strip()

    def text(self) -> str:
        """Return the text right inside, without spaces around it."""
        return (self.raw.text or "").strip()

    def error(self, place: str, found: str, expected: str) -> InputError:
        """Return the refusal of a part of this element, such as "@code"; "" refuses the element."""
        path = f"{self.path}/{place}" if place else self.path
        return InputError(place=f"{path} (line {self.raw.sourceline})", found=found or "nothing", expected=expected)

    def present(self, marks: Marks) -> Iterator[tuple[str, str, str]]:
        """Yield (path, disposition, value) of each attribute, text and empty element."""
        leaves = [(f"{self.path}/@{_name(name)}", value) for name, value in self.raw.attrib.items()]
        texts = [self.raw.text, *(child.tail for child in self.raw)]
        leaves += [(f"{self.path}/text()[{at}]", text) for at, text in enumerate(texts, 1) if text and text.strip()]
        children = self.children()
        for path, value in leaves if leaves or children else [(self.path, "")]:
            yield path, marks.get(path, ""), value
        for child in children:
            yield from child.present(marks)


def parse(data: bytes) -> Element:
    """Read a document, or a piece of one whose namespaces are declared elsewhere.

    Raises `InputError` with line and column if it is no XML, and for any document type or entity declaration.
    """
    plain = data.replace(b"\0", b"").lower()
    for forbidden in _FORBIDDEN:
        if forbidden in plain:
            found = forbidden.decode().upper()
            raise InputError(place="document", found=found, expected="XML without document type and entities")
    try:
        root = _parse(data)
        if not isinstance(root.tag, str) or not root.tag.startswith("{"):
            raise etree.XMLSyntaxError("no namespace", 0, 0, 0)
        return Element(root, f"/{_name(root.tag)}")
    except etree.XMLSyntaxError as error:
        return _fragment(data, error)


def _fragment(data: bytes, first: etree.XMLSyntaxError) -> Element:
    """Read a piece of a document inside an element that declares what the piece does not."""
    declared = _DECLARATION.match(data.removeprefix(b"\xef\xbb\xbf"))
    encoding = _ENCODING.search(declared[0]) if declared else None
    body = _DECLARATION.sub(b"", data.removeprefix(b"\xef\xbb\xbf"), count=1)
    try:
        root = _parse(_WRAPPED % (encoding[1] if encoding else b"UTF-8", body))
    except etree.XMLSyntaxError as error:
        problem = first if "no namespace" not in first.msg and "Namespace prefix" not in first.msg else error
        line, column = problem.position
        place = f"line {line}, column {column}"
        raise InputError(place=place, found=str(problem.msg)[:120], expected="a document in XML") from None
    return Element(root, "")


def _parse(data: bytes) -> Any:
    """Parse without entities, network and document types; depth and size keep the limits of the parser."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, huge_tree=False
    )
    return etree.fromstring(data, parser)


def _children(element: Element) -> Iterator[Element]:
    totals = Counter(child.tag for child in element.raw)
    seen: Counter[str] = Counter()
    for child in element.raw:
        seen[child.tag] += 1
        place = f"[{seen[child.tag]}]" if totals[child.tag] > 1 else ""
        yield Element(child, f"{element.path}/{_name(child.tag)}{place}")


def _name(tag: str) -> str:
    namespace, bracket, local = tag.rpartition("}")
    if not bracket:
        return local
    uri = namespace[1:]
    return f"{_PREFIXES[uri]}{local}" if uri in _PREFIXES else tag
