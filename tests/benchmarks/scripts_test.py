#!/usr/bin/env python3
"""What of scripts/bench, busy-copy, failover, overload and path-cost needs neither peers nor time: what is run when, statistics, the table.

    scripts_test.py PATH_COST       the program that counts
"""
import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPTS = os.path.join(ROOT, "scripts")
sys.path.insert(0, os.path.join(SCRIPTS, "lib"))

from bench import overload, processes, results, rounds, rows  # noqa: E402
from bench.rows import Measurement, Row  # noqa: E402

OURS = Measurement("ours", "get", 50)
THEIRS = Measurement("theirs", "get", 50)
ROW = Row("get-50/theirs", OURS, THEIRS, goal=2.0, least=1.0)
PACE = rounds.Pace(rounds=3, seconds=0, memory_keys=10, idle_seconds=0)


def figures(ours, theirs):
    return {OURS: {"ops_per_second": ours}, THEIRS: {"ops_per_second": theirs}}


def script(name):
    """A program of scripts/, as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), os.path.join(SCRIPTS, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class ResultsTest(unittest.TestCase):
    def test_the_ratio_is_the_median_of_the_rounds_ratios(self):
        # Not the ratio of medians: 30/10 and 40/20.
        result = results.result(ROW, [figures(30, 10), figures(10, 20), figures(50, 40)])
        self.assertEqual(result["ratio"], 1.25)
        self.assertEqual(result["spread"], [0.5, 3.0])
        self.assertEqual((result["ours"], result["theirs"]), (30, 20))

    def test_of_best_compares_the_best_rounds(self):
        found = [figures(30, 10), figures(10, 20), figures(50, 40)]
        self.assertEqual(results.result(ROW, found)["best"], 50 / 40)
        lower = Row("", OURS, THEIRS, better="lower")
        self.assertEqual(results.result(lower, found)["best"], 10 / 10)

    def test_a_row_without_a_peer_is_its_own_figure(self):
        idle = Measurement("ours", "idle")
        row = Row("idle", idle, None, figure="percent", better="lower", goal=0.5, least=1.0)
        # Measured once: the other rounds do not have it.
        result = results.result(row, [{idle: {"percent": 0.7}}, figures(1, 1)])
        self.assertEqual((result["ratio"], result["theirs"], result["met"]), (0.7, None, "least"))

    def test_goals_are_met_from_the_right_side(self):
        higher = [results.verdict(ratio, ROW) for ratio in (2.0, 1.99, 1.0, 0.99)]
        self.assertEqual(higher, ["goal", "least", "least", "no"])
        lower = Row("", OURS, THEIRS, better="lower", goal=1.0, least=1.1)
        self.assertEqual([results.verdict(ratio, lower) for ratio in (1.0, 1.05, 1.2)], ["goal", "least", "no"])
        self.assertEqual(results.verdict(1.4, Row("", OURS, THEIRS, better="lower", goal=1.3)), "no")
        self.assertIsNone(results.verdict(1.0, Row("", OURS, THEIRS)))

    def test_the_table(self):
        outcome = [results.result(ROW, [figures(412_345, 1_210_000)])]
        self.assertEqual(results.table(outcome).split("\n"), [
            "               RingKV   peer  ratio     spread  of best  goal  at least  met",
            "get-50/theirs    412k  1.21M   0.34  0.34-0.34     0.34  >= 2      >= 1  no"])

    def test_numbers_are_short(self):
        self.assertEqual([results.number(value) for value in (0.5234, 99.5, 430.4, 12_345, 2.5e6, None)],
                         ["0.52", "99.50", "430", "12k", "2.50M", ""])

    def test_json_has_what_is_promised_of_each_row(self):
        about = {"commit": "c", "machine": "m", "date": "d"}
        written = json.loads(json.dumps(results.as_json([results.result(ROW, [figures(3, 1)])], about)))
        self.assertEqual({key: written[key] for key in about}, about)
        self.assertLessEqual({"name", "ratio", "goal", "better", "spread"}, set(written["rows"][0]))


class RowsTest(unittest.TestCase):
    def test_names_are_unique_and_can_be_chosen(self):
        names = [row.name for row in rows.ROWS]
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(rows.chosen(None), list(rows.ROWS))
        self.assertEqual([row.name for row in rows.chosen(["put-50/zmq", "put-50/*"])],
                         ["put-50/zmq", "put-50/redis"])
        self.assertRaises(ValueError, rows.chosen, ["put-51/zmq"])

    def test_every_subject_can_be_made(self):
        makers = rounds.subjects("measured", "helpers")
        for row in rows.ROWS:
            for each in row.measurements():
                self.assertEqual(makers[each.subject]().name, each.subject)
        self.assertLessEqual({each.subject for row in rows.ALL for each in row.measurements()}, set(makers))


class FakeSubject:
    """Writes down what is done to it."""

    def __init__(self, name, story, fails=False):
        self.name, self.story, self.fails = name, story, fails

    def __enter__(self):
        self.story.append(f"+{self.name}")
        return self

    def __exit__(self, *_):
        self.story.append(f"-{self.name}")

    def fill(self, *_):
        pass

    def measure(self, operation, outstanding, _):
        if self.fails:
            raise processes.Failure("no answer")
        self.story.append(f"{self.name} {operation} {outstanding}")
        return {"ops_per_second": 1}

    def bytes_per_key(self, _):
        self.story.append(f"{self.name} memory")
        return {"bytes": 100}


class RoundsTest(unittest.TestCase):
    def run_rows(self, selected, fails=False):
        story = []
        makers = {"ours": lambda: FakeSubject("ours", story), "theirs": lambda: FakeSubject("theirs", story, fails)}
        return story, lambda: rounds.measure(selected, makers, PACE, lambda text: None)

    def test_one_subject_at_a_time_in_turned_order(self):
        story, measure = self.run_rows([ROW])
        self.assertEqual(len(measure()), PACE.rounds)
        ours, theirs = ["+ours", "ours get 50", "-ours"], ["+theirs", "theirs get 50", "-theirs"]
        self.assertEqual(story, ours + theirs + theirs + ours + ours + theirs)

    def test_two_rows_that_need_the_same_figure_measure_it_once_a_round(self):
        story, measure = self.run_rows([ROW, Row("other", OURS, THEIRS, better="lower")])
        measure()
        self.assertEqual(story.count("ours get 50"), PACE.rounds)

    def test_memory_is_measured_once_in_a_run(self):
        memory = Row("memory", Measurement("ours", "memory"), Measurement("theirs", "memory"), figure="bytes")
        story, measure = self.run_rows([memory, ROW])
        found = measure()
        self.assertEqual((story.count("ours memory"), story.count("theirs memory")), (1, 1))
        self.assertEqual(results.result(memory, found)["ratio"], 1)

    def test_a_subject_that_fails_is_ended(self):
        story, measure = self.run_rows([ROW], fails=True)
        self.assertRaises(processes.Failure, measure)
        self.assertEqual(story[-1], "-theirs")


class ProcessesTest(unittest.TestCase):
    def test_a_server_that_ends_by_itself_is_told_with_its_output(self):
        with tempfile.TemporaryDirectory() as directory:
            server = processes.Server("short", ["sh", "-c", "echo out of luck; exit 3"], directory)
            with self.assertRaisesRegex(processes.Failure, r"short has ended \(3\):\nout of luck"):
                server.wait_for_output("ready")
            server.kill()

    def test_proc_knows_this_process(self):
        self.assertGreater(processes.resident_bytes(os.getpid()), 1_000_000)
        self.assertGreater(processes.processor_seconds(os.getpid()), 0)


class ProgramsTest(unittest.TestCase):
    def test_a_group_is_all_rows_of_its_name(self):
        self.assertEqual(rows.chosen(None), list(rows.ROWS))
        self.assertEqual(rows.chosen(None, "durable"), list(rows.DURABLE))
        self.assertEqual([row.name for row in rows.chosen(["fsync-put-1/*"])], ["fsync-put-1/etcd", "fsync-put-1/memory"])
        self.assertEqual(len({row.name for row in rows.ALL}), len(rows.ALL), "a name is there twice")

    def test_list_names_every_row(self):
        listed = processes.run([os.path.join(SCRIPTS, "bench"), "--list"]).splitlines()
        self.assertEqual([line.split()[0] for line in listed], [row.name for row in rows.ALL])

    def test_path_cost_counts_the_frames_that_must_be(self):
        counted = json.loads(processes.run(
            [PATH_COST, "--json", "--partitions", "16", "--keys", "100", "--outstanding", "1"]))
        costs = {row["name"]: row["nodes"] for row in counted}
        self.assertEqual(costs["get"]["frames"], 1)  # the answer
        self.assertEqual(costs["put"]["frames"], 5)  # to two backups, from both, the answer
        self.assertGreater(costs["put"]["allocations"], costs["get"]["allocations"])

    def test_path_cost_reads_callgrinds_files(self):
        module = script("path-cost")
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "nodes.1")
            with open(path, "w", encoding="ascii") as file:
                file.write("desc: Trigger: Client Request: idle ms 0 1000\nsummary: 5000\ntotals: 5000\n")
            self.assertEqual(module.instructions(path), ("idle ms", 0, 5))
            with open(path, "w", encoding="ascii") as file:
                file.write("desc: Trigger: Program termination\ntotals: 5000\n")
            self.assertIsNone(module.instructions(path))

    def test_failover_judges_by_the_goals(self):
        failover = script("failover")
        found = {
            "kills": {"times": 20, "median_ms": 738, "worst_ms": 1501, "failed": 0},
            "stops": {"times": 20, "median_ms": 40, "worst_ms": 100, "failed": 0},
            "full_load": {"minutes": 10, "load": {"ops_per_second": 51983, "p99_us": 41900}, "epochs": 0,
                          "suspected": 0, "removed_from_partitions": 0}}
        lines = failover.table(found).split("\n")
        self.assertEqual([line.rsplit(" ", 1)[1] for line in lines[1:]], ["no", "yes", "yes"])
        self.assertEqual(lines[1].split()[3:7], ["20", "738", "1501", "0"])
        self.assertIn("51983 ops/s, p99 41.9 ms", lines[3])
        gaps = {"elsewhere_median_ms": 65, "elsewhere_worst_ms": 78, "all_median_ms": 218, "all_worst_ms": 229}
        with_pauses = {**found, "pauses": {"times": 6, "pause_ms": 200, "paused": gaps, "not_paused": gaps}}
        self.assertIn("elsewhere: median 65 ms, worst 78 ms; of all keys: median 218 ms", failover.table(with_pauses))
        found["full_load"]["epochs"] = 1
        self.assertTrue(failover.table(found).endswith("no"))
        found["stops"]["failed"] = 1
        self.assertEqual(failover.table(found).split("\n")[2].rsplit(" ", 1)[1], "no")


class ProcessesTest(unittest.TestCase):
    def test_a_thread_that_waits_is_woken(self):
        before = processes.wake_ups(os.getpid())
        for _ in range(5):
            time.sleep(0.001)
        self.assertGreaterEqual(processes.wake_ups(os.getpid()) - before, 5)


class OverloadTest(unittest.TestCase):
    def test_back_is_the_end_of_the_last_slow_or_failed_call_once_it_is_calm(self):
        calls = [(9.0, 3.0, True), (12.5, 0.001, True), (13.0, 0.001, False), (13.5, 0.001, True)]
        self.assertIsNone(overload.back_after(calls, 10, 0.02))  # not calm for long enough
        calm = calls + [(15.1, 0.001, True)]
        self.assertAlmostEqual(overload.back_after(calm, 10, 0.02), 3.001)
        # One that began before the end and was slow counts from when it ended.
        self.assertAlmostEqual(overload.back_after([(9.0, 3.0, True), (15, 0.001, True)], 10, 0.02), 2.0)
        # One that ended before the end of the load does not count.
        self.assertEqual(overload.back_after([(9.0, 0.5, False), (12.0, 0.001, True)], 10, 0.02), 0)

    def test_calls_are_judged_by_those_that_succeeded(self):
        found = overload.judged([(0, 0.001, True), (1, 0.003, True), (2, 9.0, False)])
        self.assertEqual(found, {"calls": 3, "failed": 1, "p50_ms": 3, "p99_ms": 3, "longest_ms": 3})
        self.assertEqual(overload.judged([])["p99_ms"], None)

    def test_the_greeting_is_that_of_zmtp_3(self):
        greeting = overload.zmtp_greeting()
        self.assertEqual(len(greeting), 64 + 2 + len("\x05READY\x0bSocket-Type") + 4 + len("DEALER"))
        self.assertEqual(greeting[:12], b"\xff\0\0\0\0\0\0\0\0\x7f\x03\0")
        self.assertEqual(greeting[65], len(greeting) - 66)

    def test_what_callers_were_not_answered_in_time_was_refused(self):
        found = overload.of_callers({"operations": 80, "errors": 15, "outcome_unknown": 5, "seconds": 10.0,
                                     "ops_per_second": 8.0, "p50_us": 1.0, "p99_us": 2.0})
        self.assertEqual((found["offered"], found["offered_per_second"], found["overloaded"], found["unanswered"]),
                         (100, 10, 15, 5))

    def test_the_table_says_what_was_given_up(self):
        row = {"name": "uniform x2", "peak_per_second": 100.0, "given_up": True, "seconds": 3.2, "load": None,
               "memory_bytes": {"registry": 9 << 30, "n1": 5 << 30}, "memory_limit_bytes": 512 << 20, "epochs": 3,
               "others": {"p99_ms": None, "failed": 2}, "called_down": ["n1"], "processes_ended": ["n2"],
               "partitions_that_lost_a_member": 7, "calls_back_after_s": None, "whole_after_s": 1.0}
        lines = overload.table([row]).split("\n")
        self.assertEqual(lines[2].split(), ["uniform", "x2", "100"] + ["-"] * 7 +
                         ["0.0", "2", "5120/512", "3", "1", "7", ">", "60", "1.0"])
        self.assertEqual(lines[3:], ["  given up after 3 s: a process took more than 4 GiB", "  ended by itself: n2"])

    def test_scenarios_can_be_chosen(self):
        chosen = script("overload").chosen
        self.assertEqual([each.name for each in chosen("hot key*,slow readers")],
                         ["hot key x2", "hot key x10", "slow readers"])
        self.assertEqual(chosen(None), overload.SCENARIOS)
        self.assertRaises(processes.Failure, chosen, "nothing")


class BusyCopyTest(unittest.TestCase):
    def test_slices_of_the_load_are_added_up(self):
        module = script("busy-copy")
        load = module.Load(unittest.mock.Mock(registry="tcp://127.0.0.1:1"), 10, 100)
        piece = {"offered": 500, "done": 400, "overloaded": 100, "unanswered": 0, "not_primary": 0, "p99_us": 2000.0}
        load.slices = [piece, {**piece, "done": 500, "overloaded": 0, "p99_us": 1000.0}]
        figures = load.figures()
        self.assertEqual((figures["offered"], figures["done"], figures["overloaded"]), (1000, 900, 100))
        self.assertEqual((figures["done_per_second"], figures["p99_ms"]), (90, 2))
        row = {"name": "blank", "mib": 64, "rate": 100, "whole_s": 3.25, "node_mib": 99, **figures}
        self.assertEqual(module.table([row]).split("\n")[1].split(),
                         ["blank", "64", "100", "90", "10.0", "0", "2.0", "3.2", "99"])
        load.failed = processes.Failure("it has ended")
        self.assertRaises(processes.Failure, load.figures)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PATH_COST = sys.argv.pop(1)
    unittest.main()
