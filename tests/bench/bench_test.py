# SPDX-License-Identifier: Apache-2.0
"""The benchmark itself, on any build: counts are exact, times are not checked."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv.pop()).resolve() if __name__ == "__main__" else None
sys.path.insert(0, str(ROOT / "tests"))  # the harness

import bench  # noqa: E402
import blackhole  # noqa: E402
import picture  # noqa: E402
import report  # noqa: E402
from harness.processes import wait_until  # noqa: E402
import rounds  # noqa: E402
import syncs  # noqa: E402
from measure import (  # noqa: E402
    Arrived, Load, LoadOptions, Measurement, Rest, Sink, arrived_at, measure, rest, wait_delivered)
from systems import DESTINATIONS, Certificates, Dualtrace, Link, Thread, used, wake_ups  # noqa: E402

SECONDS = 0.5
QUIET_SECONDS = 60


class MeasuringTest(unittest.TestCase):
    """The agent under a small load: everything that was acknowledged arrives once at both
    destinations."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.load = BUILD / "tests/bench/dualtrace-load"
        self.sink = Sink(BUILD / "tests/bench/dualtrace-sink", self.folder / "sink",
                         Certificates(self.folder / "certificates"))
        self.addCleanup(self.sink.stop)

    def start_agent(self, changes=None, link=Link(gzip=True)):
        agent = Dualtrace(BUILD / "agent/dualtrace-agent", changes)
        running = agent.start(self.folder, self.sink, link)
        self.addCleanup(running.stop)
        return running

    def measured(self, running, options, first_span=0):
        return measure(self.load, self.folder, running, self.sink, DESTINATIONS, options, SECONDS,
                       first_span, QUIET_SECONDS)

    def assert_exact(self, measured, spans):
        self.assertEqual(measured.load["spans_accepted"], spans)
        self.assertEqual(measured.refused, 0)
        for name in DESTINATIONS:
            self.assertEqual(measured.arrived[name].delivered, spans, name)
            self.assertEqual(measured.arrived[name].duplicates, 0, name)
            self.assertEqual(measured.arrived[name].refused_too, 0, name)
        self.assertGreater(measured.cpu_us_per_span, 0)
        self.assertGreater(measured.cpu_us_per_request, measured.cpu_us_per_span)
        self.assertGreater(measured.wake_ups_per_second, 0)
        self.assertGreater(measured.sync_ms, 0)
        self.assertGreaterEqual(measured.rss_max_mib, measured.rss_avg_mib)

    def test_counts_are_exact_for_each_protocol_and_encoding(self):
        running, first_span = self.start_agent(), 0
        for protocol in ("grpc", "http"):
            for gzip in (False, True):
                # One connection per request, so that even a slow build sends them all in time.
                options = LoadOptions(rate=400, spans=20, protocol=protocol, gzip=gzip,
                                      connections=10)
                with self.subTest(protocol=protocol, gzip=gzip):
                    self.assert_exact(self.measured(running, options, first_span), 200)
                first_span += 200

    def test_counts_are_exact_with_certificates_on_all_sides(self):
        running, first_span = self.start_agent(link=Link(True, True, True, True)), 0
        for protocol in ("grpc", "http"):
            options = LoadOptions(rate=400, spans=20, protocol=protocol, connections=10)
            with self.subTest(protocol=protocol):
                self.assert_exact(self.measured(running, options, first_span), 200)
            first_span += 200
        running.client_options = ("--ca", self.sink.certificates.ca)  # no client certificate
        load, _ = Load(self.load, self.folder, running, options, SECONDS, first_span).result()
        self.assertEqual(load["spans_accepted"], 0)
        self.assertGreater(load["requests_failed"], 0)

    def test_a_destination_that_hangs_is_seen_and_gets_all_of_it_later(self):
        running = self.start_agent({"delivery": {
            "folder": str(self.folder / "data"), "requestTimeout": "500ms", "retryBase": "100ms",
            "retryMax": "500ms"}})
        result = blackhole.run(self.load, self.folder, running, self.sink,
                               LoadOptions(rate=400, spans=20, connections=30), 1, 0.25)
        self.assertEqual(result["load"]["spans_accepted"], 600)
        for side in ("healthy", "dead"):
            self.assertEqual(result[side]["delivered"], 600, side)
            self.assertEqual(result[side]["lost"], 0, side)
        self.assertEqual(result["healthy"]["duplicates"], 0)
        self.assertGreater(result["dead"]["delay_max_ms"], result["healthy"]["delay_p50_ms"])
        self.assertGreater(result["disk_left_mib"], 0)

    def test_what_does_not_arrive_is_counted_as_lost(self):
        running = self.start_agent({"drainTimeout": "0s"})
        self.sink.behave("databricks", "hang")
        load = Load(self.load, self.folder, running, LoadOptions(rate=400, spans=20), SECONDS)
        result, accepted = load.result()
        self.assertEqual(result["spans_accepted"], 200)
        wait_delivered(self.sink, ("arize",), accepted, QUIET_SECONDS)
        self.assertEqual(arrived_at(self.sink, "arize", accepted).lost, 0)
        self.assertEqual(arrived_at(self.sink, "databricks", accepted).lost, 200)

    def test_a_refusal_is_counted_with_its_delay(self):
        # Every request is too large for the agent while another one is pending.
        running = self.start_agent({"receiver": {
            "listen": ["127.0.0.1:0"],
            "limits": {"requestBytes": "256Ki", "memoryBytes": "256Ki"}}})
        options = LoadOptions(connections=50, in_flight=2, spans=100, span_bytes=1500)
        load, accepted = Load(self.load, self.folder, running, options, SECONDS).result()
        self.assertGreater(load["requests_refused_with_delay"], 0)
        self.assertEqual(load["requests_refused_without_delay"], 0)
        self.assertEqual(load["requests_failed"], 0)
        wait_delivered(self.sink, DESTINATIONS, accepted, QUIET_SECONDS)
        for name in DESTINATIONS:
            arrived = arrived_at(self.sink, name, accepted)
            self.assertEqual((arrived.lost, arrived.duplicates, arrived.refused_too), (0, 0, 0))

    def test_a_destination_that_is_slow_is_late(self):
        running = self.start_agent()
        self.sink.behave("arize", "delay?300")
        load = Load(self.load, self.folder, running, LoadOptions(rate=400, spans=20), SECONDS)
        _, accepted = load.result()
        wait_until(lambda: self.sink.counts()["arize"]["spans"] == accepted.bit_count(),
                   "a slow destination has everything", timeout=QUIET_SECONDS)


    def test_a_system_at_rest_is_looked_at_for_a_while(self):
        rested = rest(self.start_agent(), SECONDS)
        self.assertGreaterEqual(rested.cpu_ms_per_second, 0)
        self.assertGreater(rested.rss_mib, 0)


class IdleTest(unittest.TestCase):
    def test_a_system_settles_before_it_is_measured_however_short_the_measurement(self):
        events = []
        made = bench.Bench.__new__(bench.Bench)
        made.options = argparse.Namespace(settle_seconds=33, idle_seconds=20)
        made.running = lambda system, link: nullcontext((system, None))
        made.warm_up = lambda *_: events.append("load")
        with (mock.patch("bench.time.sleep", lambda seconds: events.append(f"wait {seconds}")),
              mock.patch("bench.rest", lambda _, seconds: events.append(f"measure {seconds}"))):
            made.rest("a system")
        self.assertEqual(events, ["load", "wait 33", "measure 20"])


class WholeTest(unittest.TestCase):
    def result_of(self, rows, number):
        subprocess.run([sys.executable, "-B", ROOT / "tests/bench/bench.py", "--build", BUILD,
                        "--seconds", "0.5", "--settle-seconds", "0.5", "--idle-seconds", "0.5",
                        "--rounds", str(number), "--only", f"({rows})/dualtrace"], check=True, stdout=subprocess.DEVNULL)
        return json.loads((BUILD / "bench-results.json").read_text())

    def test_rows_and_overload_run_and_lose_nothing(self):
        result = self.result_of("llm|overload|idle", 1)
        self.assertEqual([row["row"] for row in result["cost"]],
                         ["llm", "overload", "after-overload"])
        for row in result["cost"]:
            self.assertEqual((row["lost"], row["duplicates"]), (0, 0), row["row"])
        self.assertEqual([row["key"] for row in result["idle"]], ["dualtrace"])

    def test_rounds_of_a_row_after_a_warm_up_are_one_result(self):
        (row,) = self.result_of("trickle-100x10", 2)["cost"]
        self.assertEqual(row["load"]["spans_due"], 1000)
        self.assertEqual(row["arrived"]["arize"]["delivered"], row["load"]["spans_accepted"])
        self.assertEqual((row["lost"], row["duplicates"]), (0, 0))
        least, most = row["spread"]["cpu_us_per_request"]
        self.assertTrue(least <= row["cpu_us_per_request"] <= most)


RESULT = {
    "row": "20k-gzip", "title": "20k/s, gzip", "key": "dualtrace", "system": "dualtrace (Disk)",
    "refused": 300, "lost": 1, "duplicates": 0, "cpu_us_per_span": 2.345, "rss_avg_mib": 30.2,
    "rss_max_mib": 40.0, "behind_seconds": 0.21, "table": "cost", "cpu_us_per_request": 234.5,
    "syncs_per_second": 998.4, "sync_ms": 0.191, "wake_ups_per_second": 4650.3,
    "threads": {"dt-journal": {"cpu_us_per_request": 100.0, "wake_ups_per_request": 2.5},
                "dt-config": {"cpu_us_per_request": 0.1, "wake_ups_per_request": 0.01}},
    "spread": {"cpu_us_per_span": [2.1, 2.6], "cpu_us_per_request": [210.0, 260.0],
               "p99_ms": [4.25, 4.25]},
    "arrived": {"arize": {"delivered": 99_700}, "databricks": {"delivered": 99_699}},
    "load": {"spans_due": 100_000, "schedule_seconds": 5, "spans_per_second": 19_940.0,
             "spans_sent": 100_000, "spans_accepted": 99_700, "requests_ok": 997,
             "requests_refused_with_delay": 2, "requests_refused_without_delay": 1,
             "requests_failed": 0, "requests_unsent": 0, "p50_ms": 0.5, "p99_ms": 4.25},
}


class ReportTest(unittest.TestCase):
    def test_threads_that_take_next_to_nothing_are_left_out(self):
        told = report.threads_part({"cost": [RESULT], "command": "c", "commit": "d", "date": "e",
                                    "machine": "f", "syncs": "g"})
        self.assertEqual(told.splitlines()[-1],
                         "| 20k/s, gzip | 234 (210–260) | dt-journal 100 (2.50) |")

    def test_a_line_says_what_was_refused_and_lost(self):
        self.assertEqual(
            report.cost_line(RESULT),
            "| 20k/s, gzip | dualtrace (Disk) | 20,000 | 19,940 | all / 99,699 | 0.21 "
            "| 2.35 (2.10–2.60) | 998 × 0.19 | 30/40 | 0.50/4.25 | 300 (200) | 1 | 0 |")

    def test_a_line_of_a_trickle_counts_requests_and_syncs_of_a_known_disk(self):
        self.assertEqual(
            report.trickle_line({**RESULT, "syncs_per_second": None}),
            "| 20k/s, gzip | dualtrace (Disk) | 234 (210–260) | 2.35 | 4,650 | – × 0.19 | 30/40 "
            "| 0.50/4.25 | 0.21 | all / 99,699 | 300 (200) | 1 | 0 |")

    def test_a_line_of_a_system_at_rest_has_the_spread(self):
        rested = rounds.of_rests([Rest(0.25, 6.0, 21.0), Rest(0.5, 5.0, 21.0)])
        self.assertEqual(report.idle_line({"system": "dualtrace", **rested}),
                         "| dualtrace | 0.38 (0.25–0.50) | 5.50 (5.00–6.00) | 21.0 |")

    def test_each_table_has_its_own_rows(self):
        trickle = {**RESULT, "table": "trickle", "title": "1 request/s"}
        result = {"cost": [RESULT, {**RESULT, "system": "rotel"}, trickle]}
        head, *lines = report.table_lines(result, "cost")
        self.assertEqual(head, report.COST_HEAD)
        self.assertEqual([line.split(" | ")[0] for line in lines], ["| 20k/s, gzip", "| "])
        self.assertEqual(len(report.table_lines(result, "trickle")), 2)

    def test_a_black_hole_tells_refused_from_not_sent(self):
        side = {"delivered": 800, "duplicates": 0, "lost": 0, "refused_too": 70,
                "delay_p99_ms": 200.0, "delay_max_ms": 1250.0}
        self.assertEqual(
            report.blackhole_line({
                "system": "Collector",
                "healthy": side,
                "dead": {**side, "delivered": 750, "lost": 50},
                "load": {"spans_accepted": 800, "spans_sent": 900, "spans_due": 1000,
                         "p99_ms": 12.5},
                "rss_before_mib": 30.0, "rss_max_mib": 60.0, "disk_left_mib": 195.0,
                "caught_up_seconds": 5.25}),
            "| Collector | 800 / 100, 100 not sent | 12.5 | all, 0, 0 (and 70 that were refused) "
            "| 0.20/1.25 | 750, 0, 50 (and 70 that were refused) | 5.25 | 30/60 | 195 |")

    def test_the_picture_is_the_same_for_the_same_results(self):
        peer = {**RESULT, "key": "rotel", "cpu_us_per_span": 10.0}
        drawn = picture.draw([RESULT, peer])
        self.assertEqual(drawn, picture.draw([RESULT, peer]))
        texts = [element.text for element in xml.etree.ElementTree.fromstring(drawn).iter()]
        self.assertIn("dualtrace, on disk", texts)
        self.assertIn("2.3", texts)

    def test_what_is_written_by_hand_stays(self):
        page = (ROOT / "docs/benchmarks.md").read_text()
        for part in ("cost", "trickle", "idle", "blackhole"):
            new = report.replaced(page, part, "fresh")
            self.assertIn("\nfresh\n", new)
            outside = page.split(f"<!-- bench:{part}")[0]
            self.assertTrue(new.startswith(outside))
            self.assertEqual(new.split(f"bench:{part} end -->")[1],
                             page.split(f"bench:{part} end -->")[1])


class SyncsTest(unittest.TestCase):
    def counted_of_three(self, counter, folder):
        self.addCleanup(counter.close)
        before = counter.read()
        with (folder / "file").open("wb") as file:
            for _ in range(3):
                file.write(b"some")
                file.flush()
                os.fdatasync(file.fileno())
        after = counter.read()
        return None if after is None else after - before

    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "below").mkdir()

    def test_the_disk_counts_every_flush_or_says_that_it_cannot(self):
        counted = self.counted_of_three(syncs.DiskFlushes(self.folder), self.folder)
        self.assertTrue(counted is None or counted >= 1)  # concurrent syncs count as one

    def test_syncs_of_other_folders_are_not_counted(self):
        try:
            counter = syncs.FileSyncs(self.folder / "below")
            both = syncs.FileSyncs(self.folder)
        except OSError as error:
            self.skipTest(str(error))
        self.addCleanup(both.close)
        self.assertEqual(self.counted_of_three(counter, self.folder), 0)
        self.assertEqual(self.counted_of_three(counter, self.folder / "below"), 3)
        self.assertEqual(both.read(), 6)


class RoundsTest(unittest.TestCase):
    def test_counts_are_added_up_and_the_rest_are_medians(self):
        def measurement(cpu, lost):
            arrived = Arrived(delivered=10 - lost, lost=lost, duplicates=0, refused_too=0,
                              delay_p50_ms=cpu, delay_p99_ms=cpu, delay_max_ms=cpu)
            return Measurement(load={"spans_sent": 12, "spans_accepted": 10, "p99_ms": 2 * cpu},
                               arrived={"arize": arrived}, cpu_us_per_span=cpu)

        result = rounds.of_measurements([measurement(3, 0), measurement(1, 1), measurement(7, 0)])
        self.assertEqual((result["lost"], result["refused"]), (1, 6))
        self.assertEqual(result["load"], {"spans_sent": 36, "spans_accepted": 30, "p99_ms": 6})
        self.assertEqual(result["arrived"]["arize"]["delivered"], 29)
        self.assertEqual(result["cpu_us_per_span"], 3)
        self.assertEqual(result["spread"]["cpu_us_per_span"], [1, 7])
        self.assertEqual(result["spread"]["p99_ms"], [2, 14])
        self.assertIsNone(result["syncs_per_second"])

    def test_wake_ups_are_those_of_all_threads_new_ones_included(self):
        before = {"1": Thread("a", 1.0, 5), "2": Thread("b", 2.0, 7), "3": Thread("c", 9.0, 1)}
        after = {"1": Thread("a", 1.5, 6), "2": Thread("b", 2.0, 7), "4": Thread("a", 0.25, 10)}
        threads = used(before, after)
        self.assertEqual(threads, [Thread("a", 0.75, 11), Thread("b", 0.0, 0)])
        self.assertEqual(wake_ups(threads), 11)


if __name__ == "__main__":
    unittest.main()
