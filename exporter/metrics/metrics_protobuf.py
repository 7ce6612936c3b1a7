"""Reads delimited io.prometheus.client.MetricFamily messages: a decoder of its own, written from the
schema (prometheus/client_model) and protobuf's encoding, that shares nothing with the writer."""

import struct

VARINT, DOUBLE, BYTES = 0, 1, 2
TYPES = {0: "counter", 1: "gauge", 2: "summary", 3: "unknown", 4: "histogram"}


class Malformed(Exception):
    pass


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("varint")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def zigzag(value):
    return (value >> 1) ^ -(value & 1)


def fields(data):
    """(number, wire type, value) of each field of one message."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = varint(data, at)
        elif wire == DOUBLE:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == BYTES:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            if len(value) != size:
                raise Malformed("length beyond the message")
        else:
            raise Malformed(f"wire type {wire}")
        if number == 0 or at > len(data):
            raise Malformed("field")
        yield number, wire, value


def message(data, schema):
    """{name: value or list}. schema: {number: (name, wire type, decode, repeated?)}"""
    result = {name: [] for name, _, _, repeated in schema.values() if repeated}
    for number, wire, value in fields(data):
        if number not in schema or schema[number][1] != wire:
            raise Malformed(f"field {number}, wire type {wire}")
        name, _, decode, repeated = schema[number]
        if repeated:
            result[name].append(decode(value))
        elif name in result:
            raise Malformed(f"{name} twice")
        else:
            result[name] = decode(value)
    return result


def same(value):
    return value


def text(value):
    return value.decode("utf-8")


def nested(schema):
    return lambda data: message(data, schema)


TIMESTAMP = {1: ("seconds", VARINT, same, False), 2: ("nanos", VARINT, same, False)}
CREATED = ("created", BYTES, nested(TIMESTAMP), False)
LABEL = {1: ("name", BYTES, text, False), 2: ("value", BYTES, text, False)}
GAUGE = {1: ("value", DOUBLE, same, False)}
COUNTER = {1: ("value", DOUBLE, same, False), 3: CREATED}
BUCKET = {1: ("count", VARINT, same, False), 2: ("bound", DOUBLE, same, False)}
SPAN = {1: ("offset", VARINT, zigzag, False), 2: ("length", VARINT, same, False)}
HISTOGRAM = {
    1: ("count", VARINT, same, False),
    2: ("sum", DOUBLE, same, False),
    3: ("buckets", BYTES, nested(BUCKET), True),
    5: ("schema", VARINT, zigzag, False),
    6: ("zero_threshold", DOUBLE, same, False),
    7: ("zero_count", VARINT, same, False),
    12: ("spans", BYTES, nested(SPAN), True),
    13: ("deltas", VARINT, zigzag, True),
    15: CREATED,
}
METRIC = {
    1: ("labels", BYTES, nested(LABEL), True),
    2: ("gauge", BYTES, nested(GAUGE), False),
    3: ("counter", BYTES, nested(COUNTER), False),
    6: ("timestamp_ms", VARINT, same, False),
    7: ("histogram", BYTES, nested(HISTOGRAM), False),
}
FAMILY = {
    1: ("name", BYTES, text, False),
    2: ("help", BYTES, text, False),
    3: ("type", VARINT, TYPES.__getitem__, False),
    4: ("metrics", BYTES, nested(METRIC), True),
    5: ("unit", BYTES, text, False),
}


def families(data):
    """The messages of a delimited stream."""
    at = 0
    while at < len(data):
        size, at = varint(data, at)
        if at + size > len(data):
            raise Malformed("family beyond the end")
        yield message(data[at : at + size], FAMILY)
        at += size


def native_buckets(histogram):
    """{index: count} of a native histogram's positive buckets."""
    buckets, index, count = {}, 0, 0
    deltas = iter(histogram["deltas"])
    for span in histogram["spans"]:
        index += span.get("offset", 0)
        for _ in range(span["length"]):
            count += next(deltas)
            buckets[index] = count
            index += 1
    if next(deltas, None) is not None:
        raise Malformed("more deltas than the spans have room for")
    return buckets
