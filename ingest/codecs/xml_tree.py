"""XML read as plain data, through a parser that refuses what XML can be abused for."""

from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import DefusedXMLParser

from ingest.codecs.strict_json import MAX_DEPTH

MAX_ELEMENTS: Final = 20_000
"""Elements and attributes of one document."""

_STARTS: Final = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00")
"""What XML begins with, in any encoding that has a mark or an angle bracket of its own."""


def read_xml(payload: bytes | str) -> dict[str, Any]:
    """Read an XML document as `{name of its root: content}`.

    An element with neither attributes nor children is its text, white space around it removed, or None where there is
    none. Any other is a mapping: children by their names without namespaces, a list where a name comes again;
    attributes under `@name`; its own text, where it has one, under `#text`.

    Raises:
        ValueError: no XML, a document type or entities in it, too deep, or too many elements.
    """
    # Whatever comes on an unknown topic is tried as XML; making a parser costs ten times as much as this.
    if isinstance(payload, bytes) and not payload[:64].lstrip().startswith(_STARTS):
        raise ValueError("the payload is not XML: it does not begin with <")
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    try:
        parser.feed(payload)
        parser.close()
    except ParseError as error:
        raise ValueError(f"the payload is not XML: {error}") from error
    except LookupError as error:
        raise ValueError(f"the XML is in an encoding that is not known: {error}") from error
    except ValueError as error:
        # What the safe parser forbids says only the name of what was found.
        forbidden = type(error).__module__.startswith("defusedxml")
        reason = "the XML holds a document type or entities, which are not read" if forbidden else str(error)
        raise ValueError(reason) from error
    return builder.root


class _Builder:
    """Puts the document together while it is read, so that a bomb is noticed before it has gone off."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self._open: list[dict[str, Any]] = [self.root]
        self._texts: list[list[str]] = [[]]
        self._elements = 0

    def start(self, _tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1 + len(attributes)
        if self._elements > MAX_ELEMENTS:
            raise ValueError(f"the XML has more than {MAX_ELEMENTS} elements")
        if len(self._open) > MAX_DEPTH:
            raise ValueError(f"the XML is nested deeper than {MAX_DEPTH} levels")
        self._open.append({f"@{_local(name)}": value for name, value in attributes.items()})
        self._texts.append([])

    def data(self, text: str) -> None:
        self._texts[-1].append(text)

    def end(self, tag: str) -> None:
        parts, text = self._open.pop(), "".join(self._texts.pop()).strip()
        content: Any = parts or text or None
        if parts and text:
            parts["#text"] = text
        around, name = self._open[-1], _local(tag)
        if name not in around:
            around[name] = content
        elif isinstance(around[name], list):
            around[name].append(content)
        else:
            around[name] = [around[name], content]

    def close(self) -> None:
        """Be told that the document is at its end."""


def _local(name: str) -> str:
    return name.rpartition("}")[2]
