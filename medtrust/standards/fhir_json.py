"""FHIR JSON: resources of a file with their places, and what a reference among them leads to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from medtrust.errors import InputError

if TYPE_CHECKING:
    from medtrust.standards.loss import Marks
    from medtrust.standards.part import Part

__all__ = ["Library", "Node", "parse", "present"]

_VERSION = re.compile(r"/_history/[^/]+$")
_REST_URL = re.compile(r"(https?://.+/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
_MOST_DIGITS = 18
# An escape in JSON for half of a character, which is no text where the other half is missing.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# What two resources under one name turn into: nobody can say which is meant.
_AMBIGUOUS = object()


class Node:
    """One object of a FHIR document, where it stands, and the resource that it stands in."""

    __slots__ = ("path", "resource", "value")

    def __init__(self, value: Mapping[str, Any], path: str, resource: Node | None = None) -> None:
        self.value = value
        self.path = path
        self.resource: Node = resource or self

    def text(self, name: str) -> str:
        """Return a string member without spaces around it, "" if it is not there.

        Raises `InputError` if it is no string.
        """
        value = self.value.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(name, json.dumps(value, default=str)[:60], "a string")
        return value.strip()

    def number(self, name: str) -> str:
        """Return a number as it is written, "" if it is not there.

        Raises `InputError` if it is no number.
        """
        value = self.value.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(name, json.dumps(value, default=str)[:60], "a number")
        if abs(Decimal(value).adjusted()) > _MOST_DIGITS:
            raise self.error(name, "more digits than that", f"a number of at most {_MOST_DIGITS} digits")
        return format(value, "f") if isinstance(value, Decimal) else str(value)

    def child(self, name: str) -> Node:
        """Return an object member, an empty one if it is not there.

        Raises `InputError` if it is no object.
        """
        value = self.value.get(name, {})
        if not isinstance(value, dict):
            raise self.error(name, json.dumps(value, default=str)[:60], "an object")
        return Node(value, f"{self.path}.{name}", self.resource)

    def children(self, name: str) -> list[Node]:
        """Return the objects of a list member, none if it is not there.

        Raises `InputError` if it is no list of objects.
        """
        values = self.value.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(name, json.dumps(values, default=str)[:60], "a list of objects")
        return [Node(value, f"{self.path}.{name}[{index}]", self.resource) for index, value in enumerate(values)]

    def error(self, name: str, found: str, expected: str) -> InputError:
        """Return the refusal of a member, with its place."""
        return InputError(place=f"{self.path}.{name}", found=found or "nothing", expected=expected)


class Library:
    """The resources of one file, findable by full URL and by type and id."""

    __slots__ = ("_beside", "_by_name", "_full_urls", "resources")

    def __init__(self) -> None:
        self.resources: list[Node] = []
        self._by_name: dict[str, Any] = {}
        self._full_urls: dict[int, str] = {}
        self._beside: dict[int, Node] = {}

    def add(self, document: Mapping[str, Any], path: str) -> None:
        """Add a resource, or every resource of a Bundle.

        Raises `InputError` if an entry of a Bundle is no object.
        """
        root = Node(document, path)
        if document.get("resourceType") != "Bundle":
            self._add(root, "")
            return
        for entry in root.children("entry"):
            if "resource" in entry.value:
                resource = entry.child("resource")
                self._add(Node(resource.value, resource.path), entry.text("fullUrl"))

    def add_beside(self, document: Mapping[str, Any], path: str) -> None:
        """Add a resource, or every resource of a Bundle, that others refer to and that is not read itself."""
        before = len(self.resources)
        self.add(document, path)
        self._beside.update((id(resource.value), resource) for resource in self.resources[before:])
        del self.resources[before:]

    def is_beside(self, resource: Node) -> bool:
        """Say whether a resource is one that others refer to and that is not read itself."""
        return id(resource.value) in self._beside

    def _add(self, resource: Node, full_url: str) -> None:
        self.resources.append(resource)
        kind, name = resource.value.get("resourceType"), resource.value.get("id")
        self._full_urls[id(resource.value)] = full_url
        for key in (full_url, f"{kind}/{name}" if name else ""):
            if key:
                known = self._by_name.setdefault(key, resource)
                if known is not resource and (known is _AMBIGUOUS or known.value != resource.value):
                    self._by_name[key] = _AMBIGUOUS

    def full_url(self, resource: Node) -> str:
        """Return the full URL that a Bundle gives a resource, "" if none."""
        return self._full_urls.get(id(resource.value), "")

    def find(self, reference: Node, *kinds: str) -> Node | None:
        """Return the resource that a Reference leads to: contained, by full URL, or by type and id; None if none does.

        Raises `InputError` if several different resources go by that name, or it is of none of these `kinds`.
        """
        written = _VERSION.sub("", reference.text("reference"))
        if not written:
            return None
        found = self._contained(reference, written[1:]) if written.startswith("#") else self._named(reference, written)
        if found is _AMBIGUOUS:
            raise reference.error("reference", f"{written}, which several resources are called", "one resource")
        if found is not None and found.value.get("resourceType") not in kinds:
            expected = f"a reference to {' or '.join(kinds)}"
            raise reference.error("reference", f"{written}, a {found.value.get('resourceType')}", expected)
        return found  # type: ignore[no-any-return]  # _AMBIGUOUS, the one value that is no Node, is raised above

    def _contained(self, reference: Node, name: str) -> Any:
        holder = reference.resource
        found = [node for node in holder.children("contained") if node.value.get("id") == name]
        # What is contained refers to its neighbours by "#", too: its holder stays the resource that contains both.
        return found[0] if len(found) == 1 else _AMBIGUOUS if found else None

    def _named(self, reference: Node, written: str) -> Any:
        """Find by full URL, or by type and id; what stands on one server never leads to what stands on another."""
        base = _REST_URL.fullmatch(self.full_url(reference.resource))
        if base and base[1] + written in self._by_name:
            return self._by_name[base[1] + written]
        found = self._by_name.get(written)
        if base and isinstance(found, Node) and self.full_url(found) != written:
            return None if _REST_URL.fullmatch(self.full_url(found)) else found
        return found


def parse(data: bytes, part: Part | None = None) -> Iterator[tuple[str, dict[str, Any] | InputError, str]]:
    """Yield (path, document or refusal, its text) for the one document of `data`, or for each of its lines (NDJSON).

    The text is one character for each byte, so that one which is no UTF-8 has a text, too. A `part` of a file is of
    NDJSON, and its lines are numbered on.
    """
    text = data.decode("utf-8-sig", "surrogateescape")
    whole = InputError(place="document", found="a part", expected="lines") if part else _load(text, "document")
    if isinstance(whole, dict):
        yield str(whole.get("resourceType") or "document"), whole, ""
        return
    first = part.lines + 1 if part else 1
    lines = [(number, line) for number, line in enumerate(text.split("\n"), first) if line.strip()]
    documents = [(f"line[{number}]", _load(line, f"line[{number}]"), line) for number, line in lines]
    are_lines = len(lines) > 1 and any(isinstance(document, dict) for _, document, _ in documents)
    if not part and not are_lines:
        yield "document", whole, data.decode("latin-1")
        return
    for path, document, line in documents:
        kind = f".{document.get('resourceType') or 'resource'}" if isinstance(document, dict) else ""
        yield path + kind, document, line.encode("utf-8", "surrogateescape").decode("latin-1")


def _load(text: str, place: str) -> dict[str, Any] | InputError:
    """Return the object that `text` holds, its fractions exact, or why there is none."""
    expected = "one JSON object, in UTF-8, each member once"
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_without_repeats
        )
        text.encode()
        if _SURROGATE.search(text):
            json.dumps(document, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        return InputError(place=place, found=str(error)[:120] or "too deep a structure", expected=expected)
    if not isinstance(document, dict):
        return InputError(place=place, found=f"a JSON {type(document).__name__}", expected=expected)
    return document


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {twice!r} stands twice in one object")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def present(document: Mapping[str, Any], path: str, marks: Marks) -> Iterator[tuple[str, str, str]]:
    """Yield (path, disposition, value) for every leaf of `document`; a mark on a path holds for all below it."""
    stack: list[tuple[str, Any, str]] = [(path, document, "")]
    while stack:
        where, value, inherited = stack.pop()
        disposition = marks.get(where, inherited)
        if isinstance(value, dict) and value:
            stack.extend((f"{where}.{name}", member, disposition) for name, member in reversed(value.items()))
        elif isinstance(value, list) and value:
            stack.extend((f"{where}[{index}]", value[index], disposition) for index in reversed(range(len(value))))
        else:
            yield where, disposition, value if isinstance(value, str) else f"\0{value!r}"
