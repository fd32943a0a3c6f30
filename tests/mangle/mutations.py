"""Requests that are nearly right: valid ones of every RPC, as the .proto files have them, and what is made of their bytes.
No I/O."""

import importlib
import pkgutil
import struct
import warnings

from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.message import DecodeError
import hark.v1

# These work on the whole account: with anything that is a valid request they would end the run's own account.
TOO_GOOD = ("SignIn", "SignOut", "RollBack", "RotateKey", "ClearCache", "Restore", "Backup", "Export")

WORDS = ("conversation-0", "conversation-1", "", "x", "é日本", "a" * 129, "b" * 70_000, "\0", "../../etc/passwd", "%s%n",
         "00000000-0000-4000-8000-000000000000", "' OR 1=1 --", "NEAR(\"")
NUMBERS = (0, 1, 50, 200, 201, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)


# Of gRPC itself.
FOREIGN = ("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
           "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/hark.v1.Messages/NoSuch", "/", "")


def methods():
    """[(full name, its descriptor), …] of every RPC of the local API, also of those that came after this was written."""
    modules = [importlib.import_module(f"hark.v1.{found.name}") for found in pkgutil.iter_modules(hark.v1.__path__)
               if found.name.endswith("_pb2")]
    return [(f"/{service.full_name}/{method.name}", method) for module in modules
            for service in module.DESCRIPTOR.services_by_name.values() for method in service.methods]


def fill(message, chance, known, depth=0):
    """Plausible values in about half of the fields. `known`: ids that exist."""
    for field in message.DESCRIPTOR.fields:
        if depth > 3 or chance.random() < 0.4:
            continue
        if field.label == Field.LABEL_REPEATED:
            if field.message_type is None:
                getattr(message, field.name).extend(value(field, chance, known) for _ in range(chance.randint(1, 3)))
            elif field.message_type.GetOptions().map_entry:
                if field.message_type.fields_by_name["value"].type == Field.TYPE_STRING:
                    getattr(message, field.name)[chance.choice(WORDS)] = chance.choice(WORDS)
            else:
                fill(getattr(message, field.name).add(), chance, known, depth + 1)
        elif field.message_type is not None:
            fill(getattr(message, field.name), chance, known, depth + 1)
        else:
            setattr(message, field.name, value(field, chance, known))
    return message


def value(field, chance, known):
    if field.type == Field.TYPE_STRING:
        return chance.choice(known) if known and chance.random() < 0.6 else chance.choice(WORDS)
    if field.type == Field.TYPE_BYTES:
        return chance.randbytes(chance.choice((0, 8, 500)))
    if field.type == Field.TYPE_BOOL:
        return chance.random() < 0.5
    if field.type == Field.TYPE_ENUM:
        return chance.choice([v.number for v in field.enum_type.values])
    if field.cpp_type in (Field.CPPTYPE_DOUBLE, Field.CPPTYPE_FLOAT):
        return chance.choice((0.0, -1.0, float("nan"), float("inf")))
    bits = 32 if field.cpp_type in (Field.CPPTYPE_INT32, Field.CPPTYPE_UINT32) else 64
    signed = field.cpp_type in (Field.CPPTYPE_INT32, Field.CPPTYPE_INT64)
    return chance.choice([n for n in NUMBERS if n < 2**(bits - signed)])


def varint(number):
    out = []
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


def tag(number, wire_type):
    return varint(number << 3 | wire_type)


def mutate(data, chance):
    """The bytes, changed a little or completely."""
    way = chance.randrange(10)
    number = chance.choice((1, 2, 3, 4, 5, 6, 15, 16, 2047, 536_870_911, 0))
    if way == 0:
        return data[:chance.randint(0, len(data))]
    if way == 1:
        out = bytearray(data or b"\0")
        for _ in range(chance.randint(1, 8)):
            out[chance.randrange(len(out))] = chance.getrandbits(8)
        return bytes(out)
    if way == 2:  # not UTF-8, in a string
        bad = chance.choice((b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"ok\x80"))
        return data + tag(number or 1, BYTES) + varint(len(bad)) + bad
    if way == 3:  # a length that is not there
        return data + tag(number or 1, BYTES) + varint(chance.choice((5, 2**31 - 1, 2**31, 2**32, 2**63, 2**64 - 1))) + b"abc"
    if way == 4:  # another type than the field has
        kind = chance.choice((VARINT, FIXED64, FIXED32, 6, 7))
        body = {VARINT: varint(chance.choice(NUMBERS)), FIXED64: chance.randbytes(8)}.get(kind, chance.randbytes(4))
        return data + tag(number, kind) + body
    if way == 5:  # nested, as messages and as groups
        depth = chance.choice((50, 99, 101, 5000, 100_000))
        if chance.random() < 0.5:
            return data + tag(number or 1, GROUP) * depth + (tag(number or 1, END_GROUP) * depth if chance.random() < 0.5 else b"")
        return data + nested(number or 1, min(depth, 5000))
    if way == 6:
        return data * chance.choice((2, 3, 500)) if len(data) < 4000 else data + data
    if way == 7:
        return chance.randbytes(chance.choice((1, 10, 1000)))
    if way == 8:  # too long a varint, and many unknown fields
        return data + tag(number or 1, VARINT) + b"\xff" * 11 + b"".join(tag(1000 + n, VARINT) + b"\1" for n in range(2000))
    return data + struct.pack("<Q", chance.getrandbits(64))


def nested(number, depth):
    """A message within a message, so often; a frame's limit is not reached."""
    out = b""
    for _ in range(depth):
        out = tag(number, BYTES) + varint(len(out)) + out
    return out


def harmless(name, request_class, data):
    """Whether these bytes may be sent: a valid request of some RPCs would end the run instead of testing it."""
    if not name.rpartition("/")[2].startswith(TOO_GOOD):
        return True
    return not valid(request_class, data)


def valid(request_class, data):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a group that nothing began
            request_class.FromString(data)
        return True
    except DecodeError:
        return False
