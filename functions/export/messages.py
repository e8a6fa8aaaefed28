"""The body of a remote-write request: protobuf, compressed as one snappy block.

The schema is the one of the specification, version 1.0 (prometheus.io/docs/specs/prw/remote_write_spec):

    message WriteRequest { repeated TimeSeries timeseries = 1; }
    message TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
    message Label        { string name = 1; string value = 2; }
    message Sample       { double value = 1; int64 timestamp = 2; }
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import cramjam
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "prometheus"
NAME_LABEL = "__name__"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One value of one series. labels: all but its name."""

    name: str
    labels: Mapping[str, str]
    value: float


def encode(series: Iterable[Series], *, timestamp: float) -> bytes:
    """Return the body that says that every series has its value at `timestamp`, in seconds since 1970."""
    request = WriteRequest()
    for one in series:
        written = request.timeseries.add()
        # Receivers may refuse labels that are not sorted.
        for name, value in sorted({**one.labels, NAME_LABEL: one.name}.items()):
            written.labels.add(name=name, value=value)
        written.samples.add(value=one.value, timestamp=round(timestamp * 1000))
    return bytes(cramjam.snappy.compress_raw(request.SerializeToString()))


def _schema() -> FileDescriptorProto:
    file = FileDescriptorProto(name="remote_write.proto", package=PACKAGE, syntax="proto3")
    text, number, integer = (
        FieldDescriptorProto.TYPE_STRING,
        FieldDescriptorProto.TYPE_DOUBLE,
        FieldDescriptorProto.TYPE_INT64,
    )
    fields: dict[str, list[tuple[str, str | FieldDescriptorProto.Type.ValueType]]] = {
        "Label": [("name", text), ("value", text)],
        "Sample": [("value", number), ("timestamp", integer)],
        "TimeSeries": [("labels", "Label"), ("samples", "Sample")],
        "WriteRequest": [("timeseries", "TimeSeries")],
    }
    for message, members in fields.items():
        described = file.message_type.add(name=message)
        for position, (name, kind) in enumerate(members, 1):
            if isinstance(kind, str):
                described.field.add(
                    name=name,
                    number=position,
                    type=FieldDescriptorProto.TYPE_MESSAGE,
                    type_name=f".{PACKAGE}.{kind}",
                    label=FieldDescriptorProto.LABEL_REPEATED,
                )
            else:
                described.field.add(name=name, number=position, type=kind, label=FieldDescriptorProto.LABEL_OPTIONAL)
    return file


def _write_request() -> Any:
    pool = DescriptorPool()
    pool.Add(_schema())
    return GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.WriteRequest"))


# Made at run time, so its fields are unknown to type checkers.
WriteRequest: Any = _write_request()
