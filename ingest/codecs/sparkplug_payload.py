"""The Sparkplug B payload as protobuf sees it, described here so that no generated code is needed."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

_PACKAGE: Final = "ioc.sparkplug"

_Field = tuple[str, int, str]
"""Name, number and type; a type that begins with `*` repeats, one that begins with `.` is a message."""

_VALUE: Final = (
    ("int_value", "uint32"), ("long_value", "uint64"), ("float_value", "float"), ("double_value", "double"),
    ("boolean_value", "bool"), ("string_value", "string"),
)  # fmt: skip


def _values(first: int) -> tuple[_Field, ...]:
    return tuple((name, number, kind) for number, (name, kind) in enumerate(_VALUE, first))


_MESSAGES: Final[dict[str, tuple[tuple[_Field, ...], tuple[_Field, ...]]]] = {
    # name: (fields, the fields of which one is the value)
    "PropertyValue": (
        (("type", 1, "uint32"), ("is_null", 2, "bool")),
        (*_values(3), ("propertyset_value", 9, ".PropertySet"), ("propertysets_value", 10, ".PropertySetList")),
    ),
    "PropertySet": ((("keys", 1, "*string"), ("values", 2, "*.PropertyValue")), ()),
    "PropertySetList": ((("propertyset", 1, "*.PropertySet"),), ()),
    "DataSet": ((("num_of_columns", 1, "uint64"),), ()),
    "Template": (
        (
            ("version", 1, "string"), ("metrics", 2, "*.Metric"), ("template_ref", 4, "string"),
            ("is_definition", 5, "bool"),
        ),
        (),
    ),
    "Metric": (
        (
            ("name", 1, "string"), ("alias", 2, "uint64"), ("timestamp", 3, "uint64"), ("datatype", 4, "uint32"),
            ("is_historical", 5, "bool"), ("is_transient", 6, "bool"), ("is_null", 7, "bool"),
            ("properties", 9, ".PropertySet"),
        ),
        (
            *_values(10), ("bytes_value", 16, "bytes"), ("dataset_value", 17, ".DataSet"),
            ("template_value", 18, ".Template"),
        ),
    ),
    "Payload": ((("timestamp", 1, "uint64"), ("metrics", 2, "*.Metric"), ("seq", 3, "uint64")), ()),
}  # fmt: skip


def read_payload(payload: bytes) -> Any:
    """Read the bytes as a Sparkplug payload; fields that are not known are passed over.

    Raises:
        ValueError: it is no such payload.
    """
    parse, error_class = _parser()
    try:
        return parse(payload)
    except error_class as error:
        raise ValueError("the payload is no Sparkplug B (its protobuf cannot be read)") from error


@cache
def _parser() -> tuple[Callable[[bytes], Any], type[Exception]]:
    """Make the parser when the first message comes: whoever has no Sparkplug does not wait for protobuf."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory  # noqa: PLC0415

    file = descriptor_pb2.FileDescriptorProto(name="ioc/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, (fields, choices) in _MESSAGES.items():
        described = file.message_type.add(name=name)
        if choices:
            described.oneof_decl.add(name="value")
        _add(described, fields, one_of=False)
        _add(described, choices, one_of=True)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    payload_class = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))
    return payload_class.FromString, message.DecodeError


def _add(described: Any, fields: Iterable[_Field], *, one_of: bool) -> None:
    for name, number, kind in fields:
        bare = kind.lstrip("*")
        field = described.field.add(name=name, number=number)
        field.label = field.LABEL_REPEATED if kind.startswith("*") else field.LABEL_OPTIONAL
        if bare.startswith("."):
            field.type = field.TYPE_MESSAGE
            field.type_name = f".{_PACKAGE}{bare}"
        else:
            field.type = getattr(field, f"TYPE_{bare.upper()}")
        if one_of:
            field.oneof_index = 0
