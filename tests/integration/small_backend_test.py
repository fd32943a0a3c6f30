"""A backend that takes less than harkd would send: what it does not take fails where a person sees it, and holds nothing else up."""

import contextlib
import itertools
import pathlib
import random
import sys
import unittest

from harness import Delivery, State, TestCase, World, until_delivered, until_shown

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "hostile"))

from hark.sync.v1 import sync_pb2 as pb  # noqa: E402
from backend import Backend  # noqa: E402
from library import Library  # noqa: E402
from way import Faults  # noqa: E402

TOKEN = "tokencanary8f6e5d"


@contextlib.contextmanager
def small_backend(**limits):
    """It misbehaves in nothing. One request at a time, so that whatever is waited for in vain stops everything."""
    clock = itertools.count(1_800_000_000_000)
    library = Library(random.Random(1), lambda: next(clock))
    for name in ("a", "b"):
        library.create(name, name)
    accepts = {"max_frame_bytes": 262_144, "max_content_bytes": 65_536, "max_page_size": 50, "max_in_flight": 1,
               "max_subscriptions": 1, **limits}
    server = Backend(Faults(random.Random(1)), {TOKEN: "ada"}, {"ada": library}, pb.Limits(**accepts))
    try:
        yield server
    finally:
        server.stop()


class SmallBackend(TestCase):
    def fails_and_holds_nothing_up(self, content, **limits):
        with small_backend(**limits) as server, World("json") as world:
            world.port = server.port
            world.start_daemon()
            client = world.client()
            client.sign_in(TOKEN)
            client.wait_for(State.STATE_LIVE)
            stream, other = client.watch("a"), client.watch("b")
            large, free = client.send("a", content), client.send("b", "canary of another conversation")
            until_delivered(other, free.id)
            failed = until_shown(stream, lambda m: m.id == large.id and m.delivery == Delivery.DELIVERY_STATE_FAILED)
            self.assertEqual((failed.failure.reason, failed.failure.can_retry), ("TOO_LARGE", False))
            client.edit(large, "canary, shorter")
            until_delivered(stream, large.id)
            self.assertEqual([m.content for m in server.libraries["ada"].find("a").messages.values()], ["canary, shorter"])
            self.assertEqual(server.count, 2, "the question whose token it is, and one session")

    def test_content_whose_frame_is_too_large_in_json(self):
        self.fails_and_holds_nothing_up("<" * 60_000)

    def test_content_that_is_too_large(self):
        self.fails_and_holds_nothing_up("canary " * 700, max_content_bytes=4_096)


if __name__ == "__main__":
    unittest.main(verbosity=2)
