"""hark stats --openmetrics, read by somebody else's parser: that of the Prometheus client for Python."""

import json
import sys
import unittest

from harness import TestCase, World, until_delivered

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    print("skipped: there is no prometheus_client")
    sys.exit(77)


def parsed(world):
    """The text, and {name: family}; the parser refuses what the standard does."""
    text = world.hark("stats", "--openmetrics")[1]
    return text, {family.name: family for family in text_string_to_metric_families(text)}


class OpenMetrics(TestCase):
    def value(self, families, name, sample=None, **labels):
        found = [s.value for s in families[name].samples if s.name == (sample or name) and s.labels == labels]
        self.assertEqual(len(found), 1, (name, labels, families[name].samples))
        return found[0]

    def test_every_number_is_there_under_its_name_type_and_unit(self):
        with World() as world:
            client = world.signed_in()
            sent = client.send("conversation-0", "counted")
            until_delivered(client.watch("conversation-0"), sent.id)
            client.page("conversation-0")
            client.page("conversation-1")
            text, families = parsed(world)
            self.assertTrue(text.endswith("# EOF\n"))
            self.assertNotIn("ada", text)
            numbers = json.loads(world.hark("stats", "--json")[1])
            for name, key in (("hark_conversations", "conversations"), ("hark_messages", "messages"),
                              ("hark_outbox_entries", "outbox"), ("hark_gaps", "gaps"), ("hark_streams", "streams")):
                self.assertEqual(families[name].type, "gauge")
                if key != "streams":  # those of before may still end
                    self.assertEqual(self.value(families, name), numbers[key])
            for name, key in (("hark_cache_size_bytes", "cache_bytes"), ("hark_authored_size_bytes", "authored_bytes")):
                self.assertEqual((families[name].type, families[name].unit), ("gauge", "bytes"))
                self.assertGreater(self.value(families, name), 4_000)  # the log of each file grows and shrinks
            for name, key in (("hark_page_hits", "page_hits"), ("hark_page_misses", "page_misses"),
                              ("hark_backend_connects", "connects"), ("hark_backend_disconnects", "disconnects")):
                self.assertEqual(families[name].type, "counter")
                self.assertEqual(self.value(families, name, name + "_total"), numbers[key])
            for name, key in (("hark_page_read_seconds", "page_read"), ("hark_durable_send_seconds", "durable_send"),
                              ("hark_apply_seconds", "apply"), ("hark_sync_delay_seconds", "sync")):
                self.assertEqual((families[name].type, families[name].unit), ("summary", "seconds"))
                self.assertEqual(self.value(families, name, name + "_count"), numbers[key]["count"])
                if numbers[key]["count"]:
                    for quantile, part in (("0.5", "p50_us"), ("0.95", "p95_us"), ("0.99", "p99_us"), ("1", "max_us")):
                        self.assertAlmostEqual(self.value(families, name, quantile=quantile), numbers[key][part] / 1e6, places=9)
            self.assertGreater(numbers["page_read"]["count"], 0)
            self.assertEqual(families["hark_build"].type, "info")
            self.assertEqual(families["hark_sync_state"].type, "stateset")
            states = {s.labels["hark_sync_state"]: s.value for s in families["hark_sync_state"].samples}
            self.assertEqual([state for state, value in states.items() if value == 1], ["live"])
            self.assertEqual(families["hark_start_time_seconds"].unit, "seconds")

    def test_before_anybody_signed_in_it_is_valid_too(self):
        with World() as world:
            world.port = 9  # no backend is needed
            world.start_daemon()
            _, families = parsed(world)
            self.assertEqual(self.value(families, "hark_page_read_seconds", "hark_page_read_seconds_count"), 0)
            self.assertNotIn("hark_last_synced_time_seconds", families)


if __name__ == "__main__":
    unittest.main(verbosity=2)
