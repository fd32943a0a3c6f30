"""A proxy on loopback between harkd and hark-backend that does what networks do, and worse: latency, a cut after any byte,
a reset, a black hole for a while, a frame twice, two frames in the wrong order. It knows just enough of WebSocket to see
where a frame ends.

One seed decides everything that it does to the n-th connection."""

import asyncio
import collections
import random
import socket
import struct
import threading

# Of each frame, in thousandths. Latency comes on top.
FAULTS = (("duplicate", 15), ("reorder", 15), ("cut", 15), ("reset", 5), ("black hole", 8))
LATENCY = 0.003  # seconds at most
HOLD = 0.05  # seconds that a frame waits for another one to change places with
BLACK_HOLE = (0.05, 0.8)  # seconds
HEAD_LIMIT = 65536


def frame_size(data):
    """Bytes of the frame that `data` begins with; 0 while that cannot be told."""
    if len(data) < 2:
        return 0
    length, header = data[1] & 0x7F, 2
    if length == 126:
        if len(data) < 4:
            return 0
        length, header = struct.unpack_from(">H", data, 2)[0], 4
    elif length == 127:
        if len(data) < 10:
            return 0
        length, header = struct.unpack_from(">Q", data, 2)[0], 10
    return header + (4 if data[1] & 0x80 else 0) + length


def split(buffer):
    """Takes the whole frames out of the front of a bytearray."""
    frames = []
    while 0 < (size := frame_size(buffer)) <= len(buffer):
        frames.append(bytes(buffer[:size]))
        del buffer[:size]
    return frames


def without_compression(head):
    """Of an upgrade request: a compressed frame that comes twice could not even be read, which proves nothing."""
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"sec-websocket-extensions:")]
    return b"\r\n".join(lines)


class Cut(Exception):
    """This connection is to end now."""


class Pipe:
    """One direction of one connection."""

    def __init__(self, proxy, source, reader, writer):
        self.proxy, self.random, self.reader, self.writer = proxy, source, reader, writer
        self.held = None

    async def run(self, first):
        head = await self.reader.readuntil(b"\r\n\r\n")
        await self.write(without_compression(head) if first else head)
        buffer = bytearray()
        while True:
            try:
                data = await asyncio.wait_for(self.reader.read(65536), HOLD if self.held else None)
            except asyncio.TimeoutError:
                await self.release()
                continue
            if not data:
                await self.release()
                return self.writer.write_eof()
            buffer += data
            for frame in split(buffer):
                await self.pass_on(frame)

    async def pass_on(self, frame):
        fault = self.proxy.choose(self.random)
        if fault is None and not self.proxy.faults:
            await self.release()
            return await self.write(frame)
        await asyncio.sleep(self.random.uniform(0, LATENCY))
        if fault == "cut":
            await self.write(frame[:self.random.randrange(len(frame))])
            raise Cut
        if fault == "reset":
            raise Cut
        if fault == "black hole":
            await asyncio.sleep(self.random.uniform(*BLACK_HOLE))
            if self.random.random() < 0.5:
                raise Cut
        if fault == "reorder" and self.held is None:
            self.held = frame
            return
        await self.write(frame)
        if fault == "duplicate":
            await self.write(frame)
        await self.release()

    async def release(self):
        if self.held is not None:
            held, self.held = self.held, None
            await self.write(held)

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()


class FaultProxy:
    """Runs on a thread of its own. `faults` may be switched at any time, from any thread."""

    def __init__(self, seed, upstream_port):
        self.seed, self.upstream_port = seed, upstream_port
        self.faults = True
        self.port = 0
        self.connections = 0
        self.done = collections.Counter()
        self.serving = set()  # The loop itself does not keep its tasks.
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        self.thread = threading.Thread(target=self._run, name="fault-proxy", daemon=True)
        self.thread.start()
        self.started.wait()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def choose(self, source):
        if not self.faults:
            return None
        value = source.random() * 1000
        for name, share in FAULTS:
            value -= share
            if value < 0:
                self.done[name] += 1
                return name
        return None

    def _run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.started.set()
        self.loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        self.serving.add(asyncio.current_task())
        source = random.Random(f"{self.seed} {self.connections}")
        back = None
        pipes = []
        abrupt = False
        try:
            back_reader, back = await asyncio.open_connection("127.0.0.1", self.upstream_port)
            for stream in (writer, back):
                stream.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A source each: what one direction does must not depend on how far the other one is.
            pipes = [asyncio.ensure_future(Pipe(self, random.Random(source.random()), *ends).run(first))
                     for first, ends in ((True, (reader, back)), (False, (back_reader, writer)))]
            done, _ = await asyncio.wait(pipes, return_when=asyncio.FIRST_EXCEPTION)
            abrupt = any(isinstance(task.exception(), Cut) for task in done) and source.random() < 0.5
        except OSError:
            pass  # Nobody listens: the backend is down.
        finally:
            for task in pipes:
                task.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
            for stream in (writer, back):
                close(stream, abrupt)
            self.serving.discard(asyncio.current_task())


def close(stream, abrupt):
    if stream is None:
        return
    if abrupt:  # A reset instead of an end.
        handle = stream.get_extra_info("socket")
        if handle is not None and handle.fileno() >= 0:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.transport.abort()
    else:
        stream.close()
