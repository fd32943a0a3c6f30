"""Over TLS, with the real programs: who is believed to be the backend, and what `hark status` says of the others."""

import base64
import hashlib
import json
import unittest

from harness import HARK, HARKD, State, TestCase, World, run, until_delivered

OPENSSL = "openssl"


def make_certificate(folder, name, host):
    """Self-signed, for the host: the files of certificate and key, and the key's pin."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    run(OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=test", "-addext", f"subjectAltName=DNS:{host}", "-keyout", key, "-out", certificate)
    public = run(OPENSSL, "pkey", "-in", key, "-pubout")[1]
    der = base64.b64decode("".join(public.splitlines()[1:-1]))
    return certificate, key, "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


class Wss(TestCase):
    def setUp(self):
        self.world = self.enterContext(World())
        self.world.url = lambda: f"wss://localhost:{self.world.port}/api/v1/sync"
        self.certificate, self.key, self.pin = make_certificate(self.world.folder, "right", "localhost")
        self.other, self.other_key, self.other_pin = make_certificate(self.world.folder, "other", "elsewhere.example")
        self.world.backend_flags = ("--cert", self.certificate, "--key", self.key)

    def config(self, *lines):
        file = self.world.folder / "harkd.toml"
        file.write_text("[backend]\n" + "\n".join(lines) + "\n")
        return "--config", file

    def trusting(self, *lines):
        return self.config(f'ca_file = "{self.certificate}"', *lines)

    def restarted(self, *flags):
        self.world.daemon.stop()
        self.world.start_daemon(*flags)
        client = self.world.client()
        client.wait_for(State.STATE_OFFLINE, State.STATE_LIVE)
        return client

    def trouble(self):
        status = json.loads(self.world.hark("status", "--json")[1])
        if status["trouble"]:
            self.assertIn(f"({status['trouble']})", self.world.hark("status")[1])
        return status["state"], status["trouble"]

    def test_trusted_and_pinned_backend_syncs_and_others_are_named(self):
        world = self.world
        client = world.signed_in(*self.trusting(f'pins = ["{self.other_pin}", "{self.pin}"]'))
        sent = client.send("conversation-0", "over-tls-canary")
        until_delivered(client.watch("conversation-0"), sent.id)

        # The right certificate, and another key than the pinned one: nothing is said to it.
        client = self.restarted(*self.trusting(), "--pin", self.other_pin)
        self.assertEqual(self.trouble(), ("offline", "pin"))
        self.assertIn(self.pin, world.hark("status")[1])
        self.assertTrue(client.page("conversation-0").messages, "what is cached is readable")
        # An authority that nobody gave.
        self.restarted()
        self.assertEqual(self.trouble(), ("offline", "certificate_untrusted"))
        # A trusted certificate of another host.
        world.backend.stop()
        world.backend_flags = ("--cert", self.other, "--key", self.other_key)
        world.start_backend()
        self.restarted(*self.config(f'ca_file = "{self.other}"'))
        self.assertEqual(self.trouble(), ("offline", "certificate_host"))
        # No TLS at all.
        world.backend.stop()
        world.backend_flags = ()
        world.start_backend()
        self.restarted(*self.trusting())
        self.assertEqual(self.trouble()[0], "offline")
        self.assertIn(self.trouble()[1], ("tls", "unreachable"))
        # And the right one again.
        world.backend.stop()
        world.backend_flags = ("--cert", self.certificate, "--key", self.key)
        world.start_backend()
        self.restarted(*self.trusting(), "--pin", self.pin).wait_for(State.STATE_LIVE)
        self.assertEqual(self.trouble(), ("live", ""))

    def doctor(self, *lines):
        """What hark doctor finds about the backend, while no daemon runs."""
        file = self.world.folder / "config/hark/harkd.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'[backend]\nurl = "{self.world.url()}"\n' + "\n".join(lines) + "\n")
        env = dict(self.world.env, XDG_CONFIG_HOME=str(file.parent.parent), XDG_RUNTIME_DIR=str(self.world.folder))
        out = run(HARK, "doctor", "--harkd", HARKD, "--json", check=False, env=env)[1]
        finding, = (f for f in map(json.loads, out.splitlines()) if f["check"] == "backend")
        return finding["verdict"], finding["what"], finding["mend"]

    def test_doctor_says_who_is_not_believed(self):
        trusting = f'ca_file = "{self.certificate}"'
        self.world.start_backend()
        self.assertEqual(self.doctor(trusting, f'pins = "{self.pin}"')[0], "good")
        verdict, what, mend = self.doctor(trusting, f'pins = "{self.other_pin}"')
        self.assertEqual(verdict, "problem")
        self.assertIn("none of those that are pinned", what)
        self.assertIn(self.pin, what)
        self.assertIn("pins under [backend]", mend)
        verdict, what, _ = self.doctor()
        self.assertEqual((verdict, "is not believed" in what), ("problem", True), what)
        self.world.backend.stop()
        self.world.backend_flags = ()
        self.world.start_backend()
        verdict, what, _ = self.doctor(trusting)
        self.assertEqual((verdict, "answers, but" in what), ("warning", True), what)

    def test_settings_that_cannot_work_are_refused_at_the_start(self):
        flags = ["--data-dir", self.world.data, "--socket", self.world.socket]
        for arguments, sentence in ((["--backend-url", "ws://backend.example/"], "use wss://"),
                                    (["--pin", "sha256//short"], "--pin must be sha256//"),
                                    (["--pin", ""], "--pin must not be empty")):
            code, _, error = run(HARKD, *flags, *arguments, check=False)
            self.assertEqual(code, 2, error)
            self.assertIn(sentence, error)
        self.assertFalse(self.world.data.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
