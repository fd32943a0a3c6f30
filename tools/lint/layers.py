#!/usr/bin/env python3
"""Who may include whom (ARCHITECTURE.md, "Layers").

Boost, gRPC and SQLiteCpp all sit in the system's include folder, where no CMake target can hide them, so the rules
are checked here, on the text of each #include.

  layers.py [ROOT]
"""

import re

import source

# Headers that are an interface, apart from the folder that implements them.
APIS = {
    "store_api": {"daemon/store/reader.h", "daemon/store/writer.h", "daemon/store/batch_bytes.h", "daemon/store/retention.h", "daemon/store/search.h",
                  "daemon/store/user_state.h", "daemon/store/export.h"},
    "transport_api": {"daemon/transport/backend.h", "daemon/transport/frames.h"},
    "sync_api": {"daemon/sync/intents.h", "daemon/sync/status.h"},
    "account_api": {"daemon/account/accounts.h", "daemon/account/archive.h", "daemon/account/key_care.h",
                    "daemon/account/user_state.h"},
    "keys_api": {"daemon/keys/key_status.h"},
}

# The read side of the store, for those who may not write.
READER = {"daemon/store/reader.h", "daemon/store/search.h", "daemon/store/export.h"}

# Layer of ours: the layers it may include beside itself.
OURS = {
    "base": set(),
    "model": {"base"},
    "keys_api": {"base"},
    "keys": {"keys_api", "base"},
    "bus": {"model", "base"},
    "store_api": {"model", "base"},
    "transport_api": {"model", "base"},
    "sync_api": {"model", "base"},
    "account_api": {"keys_api", "reader", "sync_api", "bus", "model", "base"},
    "store": {"store_api", "model", "base"},
    "transport": {"transport_api", "model", "base"},
    "sync": {"sync_api", "store_api", "transport_api", "bus", "model", "base"},
    "account": {"account_api", "sync_api", "sync", "store_api", "store", "transport_api", "transport", "keys_api", "keys", "bus",
                "model", "base"},
    "ipc": {"account_api", "keys_api", "reader", "sync_api", "bus", "model", "base"},
    "app": None,   # The composition root: everything.
    "main": {"app", "base"},
    "tests": None,
    "sdk_public": set(),
    "sdk": {"sdk_public"},
    "hark": {"sdk_public"},
    "backend": set(),
}

# Third-party headers: the layers that may include them.
THIRD_PARTY = [
    (r"grpc(pp)?/|google/(rpc|protobuf)/", {"ipc", "sdk", "transport", "backend"}),
    (r"hark/v1/.*\.pb\.h$", {"ipc", "sdk"}),
    (r"hark/sync/v1/.*\.pb\.h$", {"transport", "backend"}),
    (r"SQLiteCpp/|sqlite3\.h$", {"store", "backend"}),
    (r"boost/asio/ssl|boost/beast/", {"transport", "backend"}),
    (r"boost/json", {"transport", "backend", "hark"}),
    (r"boost/url", {"transport", "app", "backend"}),
    (r"boost/(asio|system)", {"base", "transport_api", "transport", "sync", "account", "app", "backend"}),
    (r"boost/iterator/", {"model"}),
    (r"openssl/", {"base", "keys", "store", "transport", "backend"}),
    (r"libsecret/|CoreFoundation/|Security/", {"keys"}),
    (r"jemalloc/", {"base"}),
    (r"spdlog/|fmt/", {"base", "app", "backend", "hark"}),
    (r"tl/", None),
    (r"toml\+\+/|CLI/", {"app", "backend", "hark"}),
    (r"lmdb\.h$|zstd\.h$", {"backend"}),
    (r"gtest/|gmock/|benchmark/", set()),
]
# grpcpp itself is for the two ends of the local API alone.
GRPC_ONLY = (re.compile(r"grpc(pp)?/"), {"ipc", "sdk"})

STANDARD = re.compile(r"^([a-z_0-9]+|(sys|netinet|arpa|linux|net)/[a-z_0-9/]+\.h|[a-z_0-9]+\.h)$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    """The layer that a file of ours belongs to; None for what has no rules."""
    for api, headers in APIS.items():
        if path in headers:
            return api
    parts = path.split("/")
    if parts[0] == "daemon":
        return parts[1] if len(parts) > 2 else "main"
    if path.startswith("client-sdk/include/"):
        return "sdk_public"
    if parts[0] == "client-sdk":
        return "tests" if "examples" in parts else "sdk"
    if parts[0] == "tests":
        return "tests"
    if parts[0] == "tools" and parts[1] in ("hark", "backend"):
        return parts[1]
    return None


def target_of(path, name):
    """Where a quoted include of ours leads: (layer, full path), or None if it is not ours."""
    if name.startswith(("daemon/", "tests/", "tools/", "client-sdk/")):
        return layer_of(name), name
    if name.startswith("hark/") and not name.endswith(".pb.h"):
        return "sdk_public", "client-sdk/include/" + name
    return None


def judge_ours(layer, target, full):
    allowed = OURS[layer]
    if target == "tests":
        return "only tests include tests"
    if allowed is None or target == layer or target in allowed:
        return None
    if full in READER and "reader" in allowed:
        return None
    return f"{layer} may not include {target}"


def judge_third_party(layer, path, name):
    for pattern, allowed in THIRD_PARTY:
        if not re.match(pattern, name):
            continue
        if allowed is not None and layer not in allowed:
            return f"{name} does not belong into {layer}"
        if GRPC_ONLY[0].match(name) and layer not in GRPC_ONLY[1]:
            return f"{name} belongs into daemon/ipc and the SDK only"
        if name.startswith("openssl/") and layer == "base" and not path.endswith(".cc"):
            return "OpenSSL stays out of the headers of base"
        return None
    if STANDARD.match(name):
        return None
    return f"{name} is in no layer's list (tools/lint/layers.py)"


def check_file(path, text):
    layer = layer_of(path)
    if layer is None:
        return []
    if layer not in OURS:
        return [f"{path}:1: daemon/{layer} has no place in the table of tools/lint/layers.py"]
    faults = []
    for match in INCLUDE.finditer(text):
        quoted, name = match.group(1) == '"', match.group(2)
        ours = target_of(path, name)
        if ours:
            reason = None if layer == "tests" else judge_ours(layer, *ours)
        elif quoted and not name.endswith(".pb.h"):
            reason = f'"{name}": includes are written from the repository\'s root'
        elif layer == "tests":
            reason = None
        elif layer == "sdk_public" and not re.match(r"^[a-z_0-9]+$", name):
            reason = f"public SDK headers include only the standard library, not {name}"
        else:
            reason = judge_third_party(layer, path, name)
        if reason:
            faults.append(f"{path}:{source.line_of(text, match.start())}: {reason}")
    return faults


def check(root):
    return [fault for path in source.cpp_files(root) for fault in check_file(path, source.read(root, path))]


if __name__ == "__main__":
    source.main(check)
