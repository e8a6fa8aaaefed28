"""The body of a remote write."""

import cramjam

from functions.export.messages import Series, WriteRequest, encode


def decoded(body: bytes) -> list[tuple[dict[str, str], list[tuple[float, int]]]]:
    """Labels and samples of every series, in the order in which they were written."""
    request = WriteRequest.FromString(bytes(cramjam.snappy.decompress_raw(body)))
    return [
        (
            {label.name: label.value for label in series.labels},
            [(sample.value, sample.timestamp) for sample in series.samples],
        )
        for series in request.timeseries
    ]


def test_every_series_arrives_with_its_labels_its_value_and_the_time_in_milliseconds() -> None:
    series = [
        Series(name="up", labels={"stage": "prod", "job": "smartqueue"}, value=1),
        Series(name="lag", labels={}, value=0.25),
        Series(name="none", labels={}, value=0),
    ]
    assert decoded(encode(series, timestamp=1_700_000_000.1239)) == [
        ({"__name__": "up", "job": "smartqueue", "stage": "prod"}, [(1, 1_700_000_000_124)]),
        ({"__name__": "lag"}, [(0.25, 1_700_000_000_124)]),
        ({"__name__": "none"}, [(0, 1_700_000_000_124)]),
    ]


def test_labels_are_sorted_by_name() -> None:
    [(labels, _)] = decoded(encode([Series(name="m", labels={"le": "1", "Zone": "z", "a": "b"}, value=1)], timestamp=1))
    assert list(labels) == ["Zone", "__name__", "a", "le"]


def test_the_bytes_are_those_of_the_specification() -> None:
    # Field 1 of each message, and of Label and Sample also field 2: tag, length, content.
    label = b"\x0a\x08__name__\x12\x01m"
    sample = b"\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x01"
    series = b"\x0a" + bytes([len(label)]) + label + b"\x12" + bytes([len(sample)]) + sample
    body = encode([Series(name="m", labels={}, value=1.0)], timestamp=0.001)
    assert bytes(cramjam.snappy.decompress_raw(body)) == b"\x0a" + bytes([len(series)]) + series
