"""The run's own parts: that frames are what RFC 9113 and RFC 7541 say where they are meant to be, and that mutations are wrong
in every way, repeatable, and never a valid request of what would end the run."""

import random
import unittest

from hark.v1 import account_pb2, messages_pb2
import frames as h2
from mutations import fill, harmless, methods, mutate, valid


class Frames(unittest.TestCase):
    def test_integers_are_those_of_rfc_7541(self):
        self.assertEqual(h2.integer(10, 5), bytes([0b01010]))
        self.assertEqual(h2.integer(1337, 5), bytes([0b11111, 0b10011010, 0b00001010]))
        self.assertEqual(h2.integer(42, 8), bytes([42]))
        self.assertEqual(h2.indexed(2), b"\x82")

    def test_a_header_is_that_of_rfc_7541(self):
        self.assertEqual(h2.literal(b"custom-key", b"custom-header", indexed=True), b"\x40\x0acustom-key\x0dcustom-header")

    def test_a_frame_has_its_length_unless_it_lies(self):
        self.assertEqual(h2.frame(h2.PING, h2.ACK, 0, bytes(8)), b"\0\0\x08\x06\x01\0\0\0\0" + bytes(8))
        self.assertEqual(h2.frame(h2.DATA, 0, 1, b"x", length=2**24 - 1)[:3], b"\xff\xff\xff")
        self.assertEqual(h2.settings(INITIAL_WINDOW=1), b"\0\0\x06\x04\0\0\0\0\0" + b"\0\x04\0\0\0\x01")


class Mutations(unittest.TestCase):
    def requests(self, seed, count=3000):
        chance = random.Random(seed)
        for _ in range(count):
            name, method = chance.choice(methods())
            request = method.input_type._concrete_class
            good = fill(request(), chance, ["conversation-0"]).SerializeToString(deterministic=True)
            yield name, request, good, mutate(good, chance)

    def test_every_rpc_is_reached_with_requests_that_are_valid_and_ones_that_are_not(self):
        parsed, broken = set(), set()
        for name, request, good, bad in self.requests(1, 20_000):
            self.assertTrue(valid(request, good))
            (parsed if valid(request, bad) else broken).add(name)
        everything = {name for name, _ in methods()}
        self.assertEqual((parsed, broken), (everything, everything))

    def test_the_seed_decides(self):
        self.assertEqual([r[3] for r in self.requests(2)], [r[3] for r in self.requests(2)])

    def test_what_would_end_the_run_is_only_sent_when_it_is_broken(self):
        sign_out = account_pb2.SignOutRequest
        self.assertFalse(harmless("/hark.v1.Account/SignOut", sign_out, b""))
        self.assertTrue(harmless("/hark.v1.Account/SignOut", sign_out, b"\xff"))
        self.assertTrue(harmless("/hark.v1.Messages/SendMessage", messages_pb2.SendMessageRequest, b""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
