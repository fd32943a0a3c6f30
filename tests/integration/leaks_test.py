"""What goes wrong tells nothing: refused calls, garbage, a backend and a proxy that are hostile, a crash. Each of these meets
the person's words, and none of them may pass them on to a log, a file, an error or a core file (guarantee G10)."""

import base64
import os
import pathlib
import resource
import signal
import socket
import socketserver
import sys
import threading
import unittest

import grpc

import canaries
from harness import PATIENCE, SANITIZED, State, TestCase, World, messages_pb2, sync_pb2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hostile"))
import websocket  # noqa: E402

WORD = "wordcanary123456"
UUID = "01890a5d-ac96-774b-bcce-b302099a8057"


class Listener(socketserver.ThreadingTCPServer):
    """Answers each connection by `serve(socket, number)`."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, serve, port=0):
        self.serve, self.count, self.changed = serve, 0, threading.Condition()
        super().__init__(("127.0.0.1", port), None)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def finish_request(self, request, address):
        request.settimeout(PATIENCE)
        with self.changed:
            number = self.count
        try:
            self.serve(request, number)
        except (OSError, ValueError):
            pass
        with self.changed:
            self.count += 1
            self.changed.notify_all()

    def handle_error(self, request, address):
        pass

    def wait_for(self, count, poke):
        """Until so many connections were answered; `poke` makes the next one come now."""
        with self.changed:
            while self.count < count:
                poke()
                self.changed.wait(0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def head_of(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1) or b"\r\n\r\n"
    return head.decode("latin-1")


def upgrade(connection, subprotocol):
    fields = dict(line.split(": ", 1) for line in head_of(connection).split("\r\n")[1:] if ": " in line)
    connection.sendall(websocket.upgraded({name.lower(): value for name, value in fields.items()}, subprotocol))


# What a backend may say after Hello. All of it is refused, or ends the session.
LIES = [
    b'{"changes": {"changes": [{"message": {"content": "%s"' % WORD.encode(),
    b'{"welcome": {"userId": "\xff\xfe%s"}}' % WORD.encode(),
    b'{"%s": %s%s}' % (WORD.encode(), b"[" * 100, b"]" * 100),
    b'{"welcome": {"userId": "%s", "sessionId": "%s", "server": "%s", "limits": "%s"}}' % ((WORD.encode(),) * 4),
    b'{"history": {"requestId": "1", "conversationId": "", "messages": [{"messageId": "", "content": "%s"}]}}' % WORD.encode(),
    b'{"refused": {"code": "CODE_INTERNAL", "message": "no: %s", "retryAfterMs": 1}}' % WORD.encode(),
    b'{"refused": {"code": "CODE_INVALID", "message": "no: %s", "retryAfterMs": 1}}' % WORD.encode(),
    b'{"goingAway": {"reason": "%s", "reconnectAfterMs": 1}}' % WORD.encode(),
    b'{"welcome": {"userId": "another-%s"}}' % WORD.encode(),
]
# What a server may answer to the upgrade.
REFUSALS = [
    b"HTTP/1.1 500 %s\r\nX-Word: %s\r\nRetry-After: %s\r\nContent-Length: 16\r\n\r\n%s" % ((WORD.encode(),) * 4),
    b"HTTP/1.1 302 Found\r\nLocation: wss://%s/\r\nContent-Length: 0\r\n\r\n" % WORD.encode(),
    b"%s\r\n\r\n" % WORD.encode(),
]


class Leaks(TestCase):
    def refused(self, call, *arguments, **fields):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **fields)
        told = caught.exception.details() + repr(caught.exception.trailing_metadata())
        self.assertNotIn("canary", told)
        self.assertEqual([], canaries.Search().hits("error", told.encode()))

    def test_refused_calls_do_not_repeat_what_they_refuse(self):
        with World() as world:
            client = world.signed_in()
            client.send("conversation-0", WORD, id=UUID)
            long = (WORD + " ") * 5000
            self.refused(client.send, "conversation-0", "otherwordcanary123", id=UUID)
            self.refused(client.send, "conversation-0", long)
            self.refused(client.send, WORD, WORD)
            self.refused(client.send, "conversation-0", WORD, id=WORD)
            self.refused(client.send, "conversation-0", WORD, metadata={WORD: long})
            self.refused(client.send, "conversation-0", WORD, content_type=long)
            self.refused(client.edit, messages_pb2.SendMessageResponse().message, WORD)
            self.refused(client.set_draft, "conversation-0", long)
            self.refused(client.set_draft, WORD, WORD)
            self.refused(client.set_view, "conversation-0", WORD * 10)
            self.refused(client.page, WORD)
            self.refused(client.page, "conversation-0", before=WORD)
            self.refused(client.sign_in, "tokencanary123456")
            search = client.channel.unary_unary("/hark.v1.Search/SearchMessages")
            for query in (WORD + '"', long, "*", WORD.encode("utf-16-le").decode("latin-1")):
                try:
                    search(b"\x0a" + bytes([len(query.encode()) % 128]) + query.encode(), timeout=PATIENCE)
                except grpc.RpcError as error:
                    self.assertNotIn("canary", error.details())

    def test_garbage_at_the_socket_is_not_logged(self):
        with World() as world:
            client = world.signed_in()
            for garbage in (WORD.encode() * 100, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + WORD.encode() * 100,
                            b"GET /%s HTTP/1.1\r\nX: %s\r\n\r\n" % (WORD.encode(), WORD.encode())):
                with socket.socket(socket.AF_UNIX) as stranger:
                    stranger.settimeout(PATIENCE)
                    stranger.connect(str(world.socket))
                    stranger.sendall(garbage)
                    stranger.shutdown(socket.SHUT_WR)
                    try:
                        while stranger.recv(4096):
                            pass
                    except ConnectionError:
                        pass
            raw = client.channel.unary_unary("/hark.v1.Messages/SendMessage")
            with self.assertRaises(grpc.RpcError) as refused:
                raw(b"\x0a\xff" + WORD.encode(), timeout=PATIENCE)
            self.assertNotIn("canary", refused.exception.details())
            with self.assertRaises(grpc.RpcError):
                client.channel.unary_unary(f"/hark.v1.Messages/{WORD}")(b"", timeout=PATIENCE)
            self.assertTrue(client.all_conversations())

    def test_a_hostile_backend_gets_nothing_into_the_log(self):
        def lie(connection, number):
            if number < len(REFUSALS):
                head_of(connection)
                connection.sendall(REFUSALS[number])
                return
            upgrade(connection, "hark.sync.v1.json")
            connection.recv(1 << 16)  # Hello, with the token.
            connection.sendall(websocket.frame(websocket.TEXT, LIES[(number - len(REFUSALS)) % len(LIES)]))
            while connection.recv(1 << 16):
                pass

        with World("json") as world:
            client = world.signed_in()
            client.send("conversation-0", WORD)
            world.backend.stop()
            client.wait_for(State.STATE_OFFLINE)
            with Listener(lie, world.port) as liar:
                # Until the last of them, which says that the token is another's, each is tried again.
                liar.wait_for(len(REFUSALS) + len(LIES) - 1,
                              lambda: client.sync.SyncNow(sync_pb2.SyncNowRequest(), timeout=PATIENCE))
                client.wait_for(State.STATE_OFFLINE, State.STATE_AUTH_REQUIRED)
            self.assertTrue(client.page("conversation-0").messages)

    def test_the_password_of_a_proxy_goes_to_the_proxy_alone(self):
        heard = []

        def refuse(connection, _number):
            heard.append(head_of(connection))
            connection.sendall(b"HTTP/1.1 407 %s\r\nProxy-Authenticate: Basic realm=\"%s\"\r\n\r\n" % ((WORD.encode(),) * 2))

        with Listener(refuse) as proxy, World() as world:
            client = world.signed_in()
            world.daemon.stop()
            user = "https_proxy=http://usercanary:passwordcanary@127.0.0.1:"
            world.env["https_proxy"] = user.partition("=")[2] + str(proxy.server_address[1])
            world.url = lambda: "wss://backend.test:4443/api/v1/sync"
            world.start_daemon()
            # Another backend is another account: the question whose token it is goes through the proxy too.
            with self.assertRaises(grpc.RpcError) as refused:
                world.client().sign_in("tokencanary123456")
            self.assertIn("the proxy wants a user name and password", refused.exception.details())
            self.assertNotIn("canary", refused.exception.details())
            self.assertIn("CONNECT backend.test:4443 HTTP/1.1\r\n", heard[0])
            self.assertIn(base64.b64encode(b"usercanary:passwordcanary").decode(), heard[0])
            self.assertNotIn("tokencanary", heard[0])
            environment = pathlib.Path(f"/proc/{world.daemon.popen.pid}/environ")
            if os.access(environment, os.R_OK):
                self.assertEqual([], canaries.Search().hits("environ", environment.read_bytes()))

    def test_statistics_and_diagnostics_hold_numbers_only(self):
        with World() as world:
            client = world.signed_in()
            client.send("conversation-0", WORD)
            client.set_draft("conversation-0", "draftcanary123456", flush=True)
            client.set_view("conversation-0", "viewcanary123456", at_bottom=True)
            self.assertIn(WORD, world.hark("search", WORD)[1].replace("\x1b", ""))
            search = canaries.Search(world.secrets)
            for command in (["status"], ["status", "--json"], ["stats"], ["stats", "--json"]):
                _, out, err = world.hark(*command)
                self.assertTrue(out)
                self.assertEqual([], search.hits(command, (out + err).encode()))
            self.assertEqual([], search.hits("statistics", client.statistics().SerializeToString()))

    @unittest.skipIf(SANITIZED, "a sanitizer handles crashes itself")
    def test_a_crash_leaves_no_core_file(self):
        before = resource.getrlimit(resource.RLIMIT_CORE)
        folder = os.getcwd()
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        try:
            for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT):
                with World() as world:
                    os.chdir(world.folder)
                    client = world.signed_in()
                    client.send("conversation-0", WORD)
                    os.kill(world.daemon.popen.pid, number)
                    ended = os.waitid(os.P_PID, world.daemon.popen.pid, os.WEXITED | os.WNOWAIT)
                    os.chdir(folder)
                    self.assertEqual((ended.si_code, ended.si_status), (os.CLD_KILLED, number), "not dumped")
                    self.assertEqual([], list(world.folder.rglob("core*")))
                    # The log, the files and the memory index that a crash leaves are searched at the end of the world.
        finally:
            os.chdir(folder)
            resource.setrlimit(resource.RLIMIT_CORE, before)

    @unittest.skipIf(SANITIZED, "a sanitizer lets nothing be locked")
    def test_keys_are_on_locked_pages(self):
        with World() as world:
            world.signed_in()
            status = pathlib.Path(f"/proc/{world.daemon.popen.pid}/status").read_text()
            self.assertGreater(int(status.partition("VmLck:")[2].split()[0]), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
