#!/usr/bin/env python3
"""Plants a fault for each lint and sees that it is caught, and that sound code is not blamed."""

import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/lint"))

import co_await  # noqa: E402
import format as format_lint  # noqa: E402
import headers  # noqa: E402
import layers  # noqa: E402
import private_names  # noqa: E402
import quiet  # noqa: E402
import size  # noqa: E402


class Planted(unittest.TestCase):
    """A folder with planted files; not a git checkout, so every file counts."""

    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def plant(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


class Layers(Planted):
    def faults(self, path, *includes):
        return layers.check_file(path, "".join(f"#include {name}\n" for name in includes))

    def test_ipc_may_not_reach_the_writer(self):
        self.assertTrue(self.faults("daemon/ipc/a.cc", '"daemon/store/writer.h"'))

    def test_ipc_may_read(self):
        self.assertFalse(self.faults("daemon/ipc/a.cc", '"daemon/store/reader.h"', "<grpcpp/server.h>", '"hark/v1/sync.pb.h"'))

    def test_ipc_may_not_reach_the_network(self):
        self.assertTrue(self.faults("daemon/ipc/a.cc", '"daemon/transport/backend.h"'))

    def test_grpc_stays_in_ipc(self):
        for layer in ("app", "sync", "store", "transport", "account", "base"):
            with self.subTest(layer):
                self.assertTrue(self.faults(f"daemon/{layer}/a.cc", "<grpcpp/grpcpp.h>"))

    def test_sqlite_stays_in_the_store(self):
        self.assertTrue(self.faults("daemon/sync/a.cc", "<sqlite3.h>"))
        self.assertTrue(self.faults("daemon/account/a.cc", "<SQLiteCpp/Database.h>"))
        self.assertFalse(self.faults("daemon/store/a.cc", "<sqlite3.h>", "<SQLiteCpp/Database.h>"))

    def test_beast_stays_in_the_transport(self):
        self.assertTrue(self.faults("daemon/sync/a.cc", "<boost/beast/core.hpp>"))
        self.assertFalse(self.faults("daemon/transport/a.cc", "<boost/beast/core.hpp>", "<openssl/ssl.h>"))

    def test_openssl_stays_out_of_headers_of_base(self):
        self.assertTrue(self.faults("daemon/base/secret.h", "<openssl/crypto.h>"))
        self.assertFalse(self.faults("daemon/base/secret.cc", "<openssl/crypto.h>"))

    def test_interfaces_do_not_lead_to_implementations(self):
        self.assertTrue(self.faults("daemon/store/reader.h", '"daemon/store/connection.h"'))
        self.assertTrue(self.faults("daemon/sync/machine.cc", '"daemon/store/connection.h"'))
        self.assertTrue(self.faults("daemon/sync/machine.cc", '"daemon/transport/codec.h"'))
        self.assertFalse(self.faults("daemon/sync/machine.cc", '"daemon/store/writer.h"', '"daemon/transport/frames.h"'))

    def test_the_sdk_never_includes_the_daemon(self):
        for path in ("client-sdk/src/client.cc", "tools/hark/main.cc", "tools/backend/main.cc"):
            with self.subTest(path):
                self.assertTrue(self.faults(path, '"daemon/base/result.h"'))

    def test_public_sdk_headers_are_plain(self):
        self.assertTrue(self.faults("client-sdk/include/hark/client.h", "<grpcpp/grpcpp.h>"))
        self.assertTrue(self.faults("client-sdk/include/hark/client.h", "<unistd.h>"))
        self.assertFalse(self.faults("client-sdk/include/hark/client.h", "<string>", '"hark/types.h"'))

    def test_nothing_includes_tests(self):
        self.assertTrue(self.faults("daemon/store/a.cc", '"tests/support/fake_clock.h"'))
        self.assertTrue(self.faults("tools/backend/a.cc", '"tests/support/fake_clock.h"'))

    def test_includes_show_their_layer(self):
        self.assertTrue(self.faults("daemon/store/a.cc", '"reader.h"'))

    def test_a_new_library_has_to_be_listed(self):
        self.assertTrue(self.faults("daemon/store/a.cc", "<absl/strings/str_cat.h>"))

    def test_a_new_folder_has_to_be_listed(self):
        self.assertTrue(self.faults("daemon/extra/a.cc", "<string>"))


class CoAwait(unittest.TestCase):
    FAULTY = [
        "co_await Run([x]() { return x; });",
        "co_await Run([&] { return x; });",
        "auto r = co_await Send(Frame{1, 2});",
        "auto r = co_await Send({1, 2, 3});",
        "auto r = co_await (ready ? A() : B());",
        "auto r = ready ? co_await A() : 0;",
        "if (co_await Send(Frame{})) {\n  Go();\n}",
        "Use(Pair{1, 2}, co_await A());",
    ]
    SOUND = [
        "auto frame = Frame{1, 2};\n  co_await Send(std::move(frame));",
        "if (auto r = co_await Receive(); !r) {\n  co_return Fail(r.error());\n}",
        "while (co_await Next()) {\n  items_[i] = 1;\n}",
        "if (x) {\n  Go();\n}\nco_await Send(values[i]);",
        "if (x) { co_await A(); } else { co_await B(); }",
        "auto f = [x] { return x; };\n  co_await Run(f);",
        'co_await Log("is it? [x](y) Type{z}");  // Type{a} ? b : c',
        "for (auto& item : list) co_await Send(item);\nint z = a ? b : c;",
        "co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));\n  Frame f{1};",
        "switch (kind) {\n  case Kind::kA: co_await A(); break;\n}",
    ]

    HEADS = ["Task<int> F()", "Task<int> F() override", "auto f = []() -> Task<int>"]

    def test_faults_are_found(self):
        for code in self.FAULTY:
            with self.subTest(code):
                self.assertEqual(1, len(co_await.check_text("a.cc", f"Task<int> F() {{\n  {code}\n  co_return 1;\n}}\n")))

    def test_sound_code_is_not_blamed(self):
        for head in self.HEADS:
            for code in self.SOUND:
                with self.subTest(head + code):
                    self.assertEqual([], co_await.check_text("a.cc", f"{head} {{\n  {code}\n  co_return 1;\n}}\n"))


class Headers(unittest.TestCase):
    GOOD = "// The idea.\n\n#ifndef HARK_DAEMON_A_B_H_\n#define HARK_DAEMON_A_B_H_\n\n#include <string>\n\n#endif  // HARK_DAEMON_A_B_H_\n"

    def test_good(self):
        self.assertEqual([], headers.check_text("daemon/a/b.h", self.GOOD))

    def test_wrong_guard(self):
        self.assertTrue(headers.check_text("daemon/a/c.h", self.GOOD))

    def test_no_comment(self):
        self.assertTrue(headers.check_text("daemon/a/b.h", self.GOOD.replace("// The idea.\n", "")))

    def test_pragma_once(self):
        self.assertTrue(headers.check_text("daemon/a/b.h", "#pragma once\n" + self.GOOD))


class Size(Planted):
    def test_long_files_are_found(self):
        self.plant("daemon/a.cc", "\n" * 401)
        self.plant("tools/long", "#!/bin/sh\n" + "\n" * 400)
        self.plant("daemon/b.cc", "\n" * 400)
        self.plant("docs/long.md", "\n" * 900)
        self.plant("tests/unit/a_test.cc", "\n" * 800)
        self.plant("tests/unit/b_test.cc", "\n" * 801)
        self.assertEqual(3, len(size.check(self.root)))


class PrivateNames(Planted):
    def test_paths_and_hosts_are_found(self):
        self.plant("a.md", "see /" + "work/main/a")
        self.plant("b.md", "see " + self.root + "/a")
        self.plant("c.sh", "curl https://pypi" + ".org/simple")
        self.plant("d.sh", "deb http://deb" + ".debian.org/debian bookworm main")
        self.plant("good.md", "cd build/work/x; ls /tmp/hark-1000; framework/root/x")
        self.assertEqual(["a.md", "b.md", "c.sh", "d.sh"],
                         sorted({fault.split(":")[0] for fault in private_names.check(self.root)}))


class Quiet(unittest.TestCase):
    def test_writers_beside_the_log_are_found(self):
        for text in ("printf(text);", "std::fprintf(stderr, text);", "std::cerr << text;", "std::puts(text);", "perror(text);",
                     "log(frame.ShortDebugString());", "spdlog::info(text);", "#include <spdlog/spdlog.h>",
                     'log::Info("e", {log::Field::Safe("title", title)});', 'Field::Safe(name, text);'):
            with self.subTest(text):
                self.assertTrue(quiet.check_text("daemon/sync/a.cc", text))

    def test_the_log_and_what_is_thought_about_is_let_through(self):
        for path, text in (("daemon/base/log.cc", "spdlog::log(level, text);"),
                           ("daemon/main.cc", "std::fprintf(stderr, text);"),
                           ("daemon/sync/a.cc", 'log::Info("e", {log::Field::Safe("state", name)});'),
                           ("daemon/sync/a.cc", "// printf(text) and std::cerr\nstd::snprintf(a, 1, b);"),
                           ("tools/hark/a.cc", "std::cout << text;")):
            with self.subTest(text):
                self.assertFalse(quiet.check_text(path, text))


@unittest.skipIf(shutil.which(format_lint.TOOL) is None, "clang-format 19 is not installed")
class Format(Planted):
    def test_unformatted_files_are_found(self):
        self.plant(".clang-format", "BasedOnStyle: Google\n")
        self.plant("bad.cc", "int  main( ){return 0 ;}\n")
        self.plant("good.cc", "int main() { return 0; }\n")
        faults = format_lint.check(self.root)
        self.assertEqual(1, len(faults))
        self.assertTrue(faults[0].startswith("bad.cc:"))


if __name__ == "__main__":
    unittest.main()
