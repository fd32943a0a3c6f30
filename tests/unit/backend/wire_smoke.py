#!/usr/bin/env python3
"""Drives a real hark-backend over real sockets, in both encodings, with a WebSocket client of its own.

Usage: wire_smoke.py HARK_BACKEND PROTO_FOLDER [--bench IMPORT_FILE]

The client shares nothing with the backend but the .proto file. It waits for frames, never for time.
"""
import atexit, base64, json, os, signal, socket, ssl, struct, subprocess, sys, tempfile, time, zlib

BINARY, PROTO = sys.argv[1], sys.argv[2]
WORK = tempfile.mkdtemp(prefix="hark-backend-smoke-")
subprocess.run(["protoc", f"--proto_path={PROTO}", f"--python_out={WORK}", "hark/sync/v1/sync.proto"], check=True)
sys.path.insert(0, WORK)
from hark.sync.v1 import sync_pb2 as pb  # noqa: E402
from google.protobuf import json_format  # noqa: E402


class Socket:
    """A WebSocket client (RFC 6455), just enough of it."""

    def __init__(self, port, subprotocols, path="/api/v1/sync", tls=None, extensions=""):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        offer = f"Sec-WebSocket-Protocol: {subprotocols}\r\n" if subprotocols else ""
        offer += f"Sec-WebSocket-Extensions: {extensions}\r\n" if extensions else ""
        self.sock.sendall((f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n").encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        self.head = head.decode().lower()

    def more(self):
        part = self.sock.recv(1 << 16)
        if not part:
            raise EOFError
        self.data += part

    def take(self, count):
        while len(self.data) < count:
            self.more()
        out, self.data = self.data[:count], self.data[count:]
        return out

    def send(self, payload, opcode):
        mask = b"\0\0\0\0"
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        self.sock.sendall(head + mask + payload)

    def receive(self):
        """(opcode, payload) of one whole message."""
        payload, kind = b"", None
        while True:
            first, second = self.take(2)
            size = second & 127
            if size == 126:
                size = struct.unpack("!H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self.take(8))[0]
            payload += self.take(size)
            kind = kind if kind is not None else first & 15
            if first & 0x80:
                return kind, payload


class Client:
    def __init__(self, port, encoding, **options):
        self.json = encoding == "json"
        self.ws = Socket(port, f"hark.sync.v1.{encoding}", **options)
        assert self.ws.status == 101, self.ws.head
        assert f"sec-websocket-protocol: hark.sync.v1.{encoding}" in self.ws.head
        self.next_id = 0

    def send(self, **frame):
        message = pb.ClientFrame(**frame)
        if self.json:
            self.ws.send(json_format.MessageToJson(message).encode(), 1)
        else:
            self.ws.send(message.SerializeToString(), 2)

    def receive(self):
        kind, payload = self.ws.receive()
        if kind == 8:
            raise EOFError(struct.unpack("!H", payload[:2])[0])
        assert kind == (1 if self.json else 2)
        frame = pb.ServerFrame()
        return json_format.Parse(payload, frame) if self.json else pb.ServerFrame.FromString(payload)

    def until(self, *kinds):
        while True:
            frame = self.receive()
            if frame.WhichOneof("frame") in kinds:
                return getattr(frame, frame.WhichOneof("frame"))

    def hello(self, token, cursor=None):
        self.send(hello=pb.Hello(token=token, device_id="smoke", cursor=cursor))
        return self.until("welcome", "refused")

    def id(self):
        self.next_id += 1
        return self.next_id

    def close_code(self):
        try:
            while True:
                self.receive()
        except EOFError as closed:
            return closed.args[0] if closed.args else 0
        except ConnectionResetError:  # Closed with bytes of ours unread.
            return 0


class Backend:
    def __init__(self, data, *options):
        self.port_file = os.path.join(WORK, "port")
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0", "--port-file", self.port_file, *options],
            stdout=subprocess.PIPE, stderr=open(os.path.join(WORK, "log"), "a"), text=True)
        atexit.register(self.process.kill)  # Also when a check fails; after stop() it does nothing.
        line = self.process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=10)
        assert code == 0, code
        return time.monotonic() - begun


def run(*arguments, expect=0):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True)
    assert done.returncode == expect, (arguments, done.returncode, done.stderr)
    return done


def make_data(name):
    data = os.path.join(WORK, name)
    run("user", "add", "ana", "--data", data)
    file = os.path.join(WORK, "few.jsonl")
    with open(file, "w") as out:
        for n in range(5):
            messages = [{"role": ["user", "assistant"][k % 2], "content": f"text {k} of {n} ü"} for k in range(120)]
            out.write(json.dumps({"conversation_id": f"c{n}", "title": f"Title {n}", "messages": messages}) + "\n")
    run("import", file, "--data", data, "--user", "ana")
    return data, run("token", "create", "ana", "--data", data).stdout.strip()


def check_session(encoding):
    data, token = make_data(encoding)
    backend = Backend(data, "--responder", "echo", "--responder-delay-ms", "1")
    client = Client(backend.port, encoding)
    welcome = client.hello(token)
    assert welcome.resume == pb.Welcome.RESUME_NO_CURSOR and welcome.limits.max_page_size == 200
    cursor = welcome.cursor

    client.send(list_conversations=pb.ListConversations(request_id=client.id(), page_size=3))
    page = client.until("conversation_page")
    assert [c.id for c in page.conversations] == ["c4", "c3", "c2"] and page.next_page_token
    assert (page.total_count, page.total_messages) == (5, 600)
    client.send(list_conversations=pb.ListConversations(request_id=client.id(), page_token=page.next_page_token))
    page = client.until("conversation_page")
    assert [c.id for c in page.conversations] == ["c1", "c0"] and not page.next_page_token

    seen, before = [], None
    while True:  # All of a conversation, page by page, backwards.
        request = pb.GetHistory(request_id=client.id(), conversation_id="c4", page_size=50)
        if before:
            request.before_sequence = before
        client.send(get_history=request)
        history = client.until("history")
        seen = list(history.messages) + seen
        before = history.from_sequence
        if not history.has_more:
            break
    assert [m.content for m in seen] == [f"text {k} of 4 ü" for k in range(120)]

    asks = [pb.GetHistory(conversation_id=f"c{n}", before_sequence=120, page_size=60) for n in (3, 9, 1, 2)]
    client.send(get_histories=pb.GetHistories(request_id=client.id(), asks=asks))
    pages = client.until("histories").pages
    assert [(p.conversation_id, len(p.messages), p.has_more) for p in pages] == [
        ("c3", 60, True), ("c9", 0, True), ("c1", 60, True), ("c2", 60, True)]
    assert pages[2].messages[-1].content == "text 118 of 1 ü"

    client.send(subscribe=pb.Subscribe(add=["c4", "unknown"]))
    other = Client(backend.port, "proto" if encoding == "json" else "json")
    assert other.hello(token, cursor).resume == pb.Welcome.RESUME_OK
    message = pb.Message(id="m-1", conversation_id="c4", role=pb.ROLE_USER, content="hello there you")
    for _ in range(2):  # The repetition answers the same and stores nothing.
        client.send(append=pb.Append(request_id=client.id(), message=message))
        ack = client.until("ack")
        assert (ack.message_id, ack.sequence, ack.revision) == ("m-1", 121, 1)
    changed = other.until("changes")
    assert changed.to.position > cursor.position and changed.changes[0].conversation.last_sequence >= 121
    pieces, answer = {}, None
    while answer is None:
        frame = client.receive()
        if frame.WhichOneof("frame") == "ephemeral" and frame.ephemeral.HasField("partial"):
            partial = frame.ephemeral.partial
            pieces[partial.offset] = partial
        for change in frame.changes.changes:
            if change.message.role == pb.ROLE_ASSISTANT:
                answer = change.message
    assert answer.content == "You said: hello there you"
    # The lane may drop pieces, but each that came is of the answer.
    assert pieces
    for offset, piece in pieces.items():
        assert answer.content.encode()[offset:].startswith(piece.text.encode())
    assert {p.message_id for p in pieces.values()} == {answer.id} and answer.sequence == 122

    client.send(append=pb.Append(request_id=client.id(), message=pb.Message(
        id="m-2", conversation_id="c4", role=pb.ROLE_USER, content="")))
    assert client.until("refused").code == pb.Refused.CODE_INVALID
    client.send(append=pb.Append(request_id=client.id(), message=pb.Message(
        id="m-2", conversation_id="c4", role=pb.ROLE_USER, content="x" * 65537)))
    assert client.until("refused").code == pb.Refused.CODE_TOO_LARGE
    client.send(ping=pb.Ping(nonce=7))
    assert client.until("pong").nonce == 7

    stranger = Client(backend.port, encoding)
    assert stranger.hello("wrong").code == pb.Refused.CODE_UNAUTHENTICATED
    assert stranger.close_code() == 1008
    rude = Client(backend.port, encoding)
    rude.ws.send(b"\xff\xff\xff", 1 if rude.json else 2)
    rude.close_code()
    big = Client(backend.port, encoding)
    big.hello(token)
    try:
        big.ws.send(b" " * ((1 << 20) + 1), 1 if big.json else 2)
        big.close_code()
    except (BrokenPipeError, ConnectionResetError):
        pass  # The backend need not read all of it before it closes.
    assert Socket(backend.port, "chat").status == 400
    both = Socket(backend.port, "hark.sync.v1.json, hark.sync.v1.proto")
    assert "hark.sync.v1.proto" in both.head.split("sec-websocket-protocol:")[1].split("\r\n")[0]

    run("token", "revoke", "ana", "--data", data)  # While the server runs; it notices by itself.
    assert other.until("refused").code == pb.Refused.CODE_UNAUTHENTICATED
    token = run("token", "create", "ana", "--data", data).stdout.strip()
    last = Client(backend.port, encoding)
    last.hello(token)
    stop_time = backend.stop()
    assert stop_time < 2, stop_time
    assert last.until("going_away").reason
    print(f"{encoding}: ok, stopped in {stop_time * 1000:.0f} ms")

    backend = Backend(data)  # What was acknowledged is there; working memory is made anew.
    again = Client(backend.port, encoding)
    assert again.hello(token, cursor).resume == pb.Welcome.RESUME_OK
    again.send(subscribe=pb.Subscribe(add=["c4"]))
    changes = again.until("changes")
    assert [c.message.id for c in changes.changes if c.HasField("message")] == ["m-1", answer.id]
    assert changes.to.position == cursor.position + 2
    backend.stop()


def check_compression_bomb():
    """Half a gigabyte that is half a megabyte on the wire ends its session and nothing else."""
    data, token = make_data("bomb")
    backend = Backend(data)
    client = Client(backend.port, "proto", extensions="permessage-deflate; client_no_context_takeover")
    assert "permessage-deflate" in client.ws.head
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = squeeze.compress(b"\0" * (512 << 20)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    client.ws.send(bomb[:-4], 0x42)  # RSV1: compressed
    assert client.close_code() in (0, 1009)
    resident = int(open(f"/proc/{backend.process.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 200 << 20, resident
    assert Client(backend.port, "proto").hello(token).user_id
    backend.stop()
    print(f"compression bomb: ok, {resident >> 20} MiB resident")


def check_tls():
    data, token = make_data("tls")
    key, certificate = os.path.join(WORK, "key.pem"), os.path.join(WORK, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                   check=True, capture_output=True)
    run("serve", "--data", data, "--cert", certificate, expect=2)
    run("serve", "--data", data, "--cert", key, "--key", certificate, expect=3)
    backend = Backend(data, "--cert", certificate, "--key", key)
    client = Client(backend.port, "json", tls=ssl.create_default_context(cafile=certificate))
    client.hello(token)
    client.send(get_history=pb.GetHistory(request_id=1, conversation_id="c0", page_size=200))
    assert len(client.until("history").messages) == 120
    backend.stop()
    print("tls: ok")


def bench(file):
    data = os.path.join(WORK, "bench")
    run("user", "add", "ana", "--data", data)
    begun = time.monotonic()
    print(run("import", file, "--data", data, "--user", "ana").stdout.strip(), f"in {time.monotonic() - begun:.1f} s")
    token = run("token", "create", "ana", "--data", data).stdout.strip()
    begun = time.monotonic()
    backend = Backend(data)
    print(f"server up in {time.monotonic() - begun:.2f} s")
    client = Client(backend.port, "proto")
    client.hello(token)
    ids, page_token = [], ""
    begun = time.monotonic()
    while True:
        client.send(list_conversations=pb.ListConversations(request_id=client.id(), page_token=page_token, page_size=200))
        page = client.until("conversation_page")
        ids += [c.id for c in page.conversations]
        page_token = page.next_page_token
        if not page_token:
            break
    print(f"listed {len(ids)} conversations in {time.monotonic() - begun:.2f} s")
    requests = [pb.ClientFrame(get_history=pb.GetHistory(request_id=n + 1, conversation_id=i, page_size=200))
                .SerializeToString() for n, i in enumerate(ids)]
    begun, received, count = time.monotonic(), 0, 0
    for n in range(min(64, len(requests))):
        client.ws.send(requests[n], 2)
    sent = min(64, len(requests))
    raw = []
    while received < len(requests):
        raw.append(client.ws.receive()[1])
        received += 1
        if sent < len(requests):
            client.ws.send(requests[sent], 2)
            sent += 1
    took = time.monotonic() - begun
    for payload in raw:
        count += len(pb.ServerFrame.FromString(payload).history.messages)
    print(f"{received} histories, {count} messages in {took:.2f} s: {received / took:.0f} requests/s")
    begun = time.monotonic()
    for n in range(500):
        client.send(append=pb.Append(request_id=n + 1, message=pb.Message(
            id=f"bench-{n}", conversation_id=ids[0], role=pb.ROLE_USER, content="hello")))
        client.until("ack")
    print(f"durable append: {(time.monotonic() - begun) * 2:.2f} ms each")
    backend.stop()


if "--bench" in sys.argv:
    bench(sys.argv[sys.argv.index("--bench") + 1])
else:
    check_session("proto")
    check_session("json")
    check_compression_bomb()
    check_tls()
subprocess.run(["rm", "-rf", WORK], check=True)
