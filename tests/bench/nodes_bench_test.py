# SPDX-License-Identifier: Apache-2.0
"""The parts of `./dev bench nodes` that need no nodes: reading the kernel's files, span numbers,
outages and the tables."""

import sys
import tempfile
import unittest
from argparse import Namespace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import report  # noqa: E402
import systems  # noqa: E402
from nodes import counters, page  # noqa: E402
from nodes.outcome import LoadResult, set_of  # noqa: E402
from nodes.span import request, trace_id  # noqa: E402

V1 = {
    "cpuacct.usage": "2500000000\n",
    "memory.usage_in_bytes": f"{50 * 2**20}\n",
    "memory.stat": f"rss 1\ninactive_file 1\ntotal_inactive_file {10 * 2**20}\n",
}
V2 = {
    "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
    "memory.current": f"{50 * 2**20}\n",
    "memory.stat": f"anon 1\nfile 1\ninactive_file {10 * 2**20}\n",
}


class CountersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_both_versions_of_cgroups_say_the_same(self):
        for version, files in (("v1", V1), ("v2", V2)):
            folder = self.folder / version
            folder.mkdir()
            for name, text in files.items():
                (folder / name).write_text(text)
            with self.subTest(version):
                self.assertEqual(counters.cpu_seconds(folder), 2.5)
                self.assertEqual(counters.working_set_mib(folder), 40)

    def test_the_numbers_of_a_process_are_read(self):
        text = "rchar: 10\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n"
        counted = counters.named(text)
        self.assertEqual(counted["write_bytes"] - counted["cancelled_write_bytes"], 4096)

    def test_the_disk_is_what_is_occupied(self):
        (self.folder / "a").mkdir()
        (self.folder / "a" / "b").write_bytes(bytes(2**20))
        self.assertGreaterEqual(systems.disk_mib(self.folder), 1)
        self.assertEqual(systems.disk_mib(self.folder / "missing"), 0)


class SpanTest(unittest.TestCase):
    def test_trace_ids_are_those_of_the_generator(self):
        # The result of trace_id_of() in span_ids.cc.
        self.assertEqual(trace_id(0)[:8], bytes(8))
        self.assertEqual(trace_id(1)[:8].hex(), "9e3779b9e17d05ac")

    def test_a_request_has_one_span_that_ended_then(self):
        body = request(5, 0x0102030405060708)
        self.assertIn(trace_id(5), body)
        self.assertIn(bytes([65, 8, 7, 6, 5, 4, 3, 2, 1]), body)


class OutcomeTest(unittest.TestCase):
    def test_numbers_become_the_set_that_the_sink_has(self):
        self.assertEqual(set_of([70, 64, 65]), 1 << 64 | 1 << 65 | 1 << 70)
        self.assertEqual(set_of([]), 0)

    def test_loads_and_probes_count_together(self):
        loads = [{"spans_due": 1000, "spans_accepted": 980},
                 {"spans_due": 10, "spans_accepted": 10}]
        probes = [{"tries": 7, "ok": [1, 2, 3], "longest_outage": 0.5, "slowest": 0.75},
                  {"tries": 1, "ok": [9], "longest_outage": 0.25, "slowest": 0.0}]
        result = LoadResult(0, loads, probes)
        self.assertEqual(result.unanswered, 24)
        self.assertEqual(result.longest_outage, 0.75)
        self.assertIsNone(LoadResult(0, loads, []).longest_outage)


SIDE = {"lost": 0, "duplicates": 20, "delay_p50_ms": 150.0, "delay_p99_ms": 210.5}
MEMORY = {"resident_mib": 20.4, "resident_max_mib": 21.0,
          "working_set_mib": 30.0, "working_set_max_mib": 33.0}
LOAD = {
    "cpu_us_per_span": 12.34, **MEMORY, "arrived": {"arize": SIDE, "databricks": SIDE},
    "accept_p50_ms": 0.75, "accept_p99_ms": 4.5, "written_bytes_per_span": 700.4,
    "syncs_per_second": None, "store_mib": 195.0, "unanswered": 0,
}
EVENT = {"spans": 80_000, "unanswered": 40, "longest_outage": 1.25,
         "arrived": {"arize": {**SIDE, "lost": 3}, "databricks": SIDE}}


def result(kind: str, title: str, system: str, measured: dict) -> dict:
    return {"kind": kind, "title": title, "system": system, "result": measured}


class PageTest(unittest.TestCase):
    def test_a_load_is_one_line_with_every_column(self):
        line = page.load_line("busy", "dualtrace", LOAD)
        self.assertEqual(
            line,
            "| busy | dualtrace | 12.3 µs/span | 20/21 | 30/33 | 150/210 | 150/210 | 0.75/4.50 "
            "| 700 | – | 195 | 0 | 0 | 40 |")
        columns = page.LOAD_HEAD.splitlines()[1].count("|")
        idle = page.idle_line("idle", "dualtrace", {"cpu_ms_per_second": 0.25, **MEMORY})
        self.assertEqual(line.count("|"), columns)
        self.assertEqual(idle.count("|"), columns)

    def test_an_event_counts_both_destinations(self):
        self.assertEqual(page.event_line("killed", "dualtrace", EVENT),
                         "| killed | dualtrace | 80,000 | 40 | 3 | 40 | 1.25 |")

    def test_systems_stand_beside_each_other(self):
        results = [result("load", "a", "one", LOAD), result("event", "c", "one", EVENT),
                   result("load", "b", "one", LOAD), result("load", "a", "two", LOAD)]
        lines = page.table(results, ("idle", "load"))
        self.assertEqual([line.split("|")[1:3] for line in lines],
                         [[" a ", " one "], ["  ", " two "], [" b ", " one "]])

    def test_a_run_has_a_place_in_the_docs(self):
        around = {"commit": "abc", "date": "today", "machine": "a machine"}
        options = Namespace(seconds=60.0, event_seconds=40.0)
        text = page.markdown([result("event", "c", "one", EVENT)], around, options)
        self.assertIn("Each load lasts 60 s", text)
        written = report.replaced((ROOT / "docs/benchmarks.md").read_text(), "nodes", text)
        self.assertIn(text, written)


if __name__ == "__main__":
    unittest.main()
