"""What scripts/overload does to a cluster, and what it watches meanwhile."""
import collections
import dataclasses
import json
import os
import socket
import struct
import subprocess
import threading
import time

from .processes import Failure, resident_bytes, run
from .ringkv import RingKV

MEMORY_LIMIT = 512 << 20   # limits.memory of each node
TOO_MUCH = 4 << 30         # of one process: the load is ended, before it takes what others on the machine need
SMALL, LARGE = 100, 1 << 20
QUIET = 3                  # seconds before the load in which the probe learns what is normal
BACK_WITHIN = 60           # seconds after the load that are watched
DOUBLINGS = 10
PEAK_SECONDS = 3
PEAK_REACHED = 0.95        # of the most that was done: more callers than that wait, and do no more
CLIENTS = 20
FIRST_CALLERS = {SMALL: 50, LARGE: 4}
CALLERS_WAIT = "10s"       # for an operation, with all its attempts
CALM = 2                   # seconds without a slow or failed call: it is back to normal


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    factor: float = 1        # times the peak
    keys: int = 100_000
    value_size: int = SMALL
    slow_readers: int = 0    # connections that ask for 512 large values each and read none
    idle_connections: int = 0
    callers: bool = False    # of the client library, each with one operation under way: `factor` times as many of them
                             # as do the most


SCENARIOS = [
    Scenario("uniform x2", 2),
    Scenario("uniform x10", 10),
    Scenario("hot key x2", 2, keys=1),
    Scenario("hot key x10", 10, keys=1),
    Scenario("1 MiB x2", 2, keys=64, value_size=LARGE),
    Scenario("1 MiB x10", 10, keys=64, value_size=LARGE),
    Scenario("1 MiB hot key x10", 10, keys=1, value_size=LARGE),
    Scenario("callers x10", 10, callers=True),
    Scenario("callers hot key x10", 10, keys=1, callers=True),
    Scenario("callers 1 MiB x10", 10, keys=64, value_size=LARGE, callers=True),
    Scenario("callers 1 MiB hot x10", 10, keys=1, value_size=LARGE, callers=True),
    Scenario("uniform x0.5", 0.5),  # the next one without the slow readers
    Scenario("slow readers", 0.5, slow_readers=12),
    Scenario("10000 connections", 1, idle_connections=10_000),
]


class Background:
    """A process beside the load; ended by its pid at the end of the context."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Probe(Background):
    """probe_load, read as it comes."""

    def __init__(self, command):
        super().__init__(command)
        self.calls = []  # (began, seconds, ok)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            began, micros, outcome = line.rstrip("\n").split(" ", 2)
            self.calls.append((float(began), int(micros) / 1e6, outcome == "ok"))

    def between(self, begin, end):
        return [call for call in self.calls if begin <= call[0] < end]


class Watch:
    """Memory twice a second, the map once a second: until stop()."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.memory = {server.name: 0 for server in cluster.servers}
        self.before = cluster.status()
        self.down = set()
        self.least_full = self.before["partitions"]["full"]
        self.most_unavailable = 0
        self.unanswered = 0
        self.too_much = threading.Event()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._memory, self._map)]
        for thread in self._threads:
            thread.start()

    def _memory(self):
        while not self._stopped.wait(0.5):
            for server in self.cluster.servers:
                try:
                    used = resident_bytes(server.pid)
                except (OSError, Failure):
                    continue  # it has ended: ended() tells
                self.memory[server.name] = max(self.memory[server.name], used)
                if used > TOO_MUCH:
                    self.too_much.set()

    def _map(self):
        while not self._stopped.wait(1):
            status = self.cluster.status()
            if status is None:
                self.unanswered += 1
                continue
            self.down.update(node["name"] for node in status["nodes"] if node["state"] != "up")
            self.least_full = min(self.least_full, status["partitions"]["full"])
            self.most_unavailable = max(self.most_unavailable, status["partitions"]["unavailable"])

    def stop(self):
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def ended(self):
        return [server.name for server in self.cluster.servers if server.process.poll() is not None]

    def figures(self):
        after = self.cluster.status()
        return {
            "memory_bytes": self.memory,
            "epochs": after["epoch"] - self.before["epoch"] if after else None,
            "called_down": sorted(self.down),
            "partitions_that_lost_a_member": self.before["partitions"]["full"] - self.least_full,
            "most_unavailable": self.most_unavailable,
            "status_unanswered": self.unanswered,
            "processes_ended": self.ended(),
        }


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


def judged(calls):
    """-> what the probe's calls were like."""
    good = [seconds for _, seconds, ok in calls if ok]
    return {"calls": len(calls), "failed": len(calls) - len(good),
            "p50_ms": milliseconds(percentile(good, 0.5)), "p99_ms": milliseconds(percentile(good, 0.99)),
            "longest_ms": milliseconds(max(good, default=None))}


def milliseconds(seconds):
    return None if seconds is None else round(seconds * 1000, 2)


def back_after(calls, ended, slow):
    """Seconds after `ended` from which no call is slow or failed, if CALM seconds of such calls have come; else None.
    A call that hangs counts when it has ended."""
    bad = [began + seconds for began, seconds, ok in calls if began + seconds > ended and (not ok or seconds > slow)]
    since = max(bad, default=ended)
    newest = max((began for began, _, _ in calls), default=0)
    return since - ended if newest >= since + CALM else None


def zmtp_greeting():
    """ZMTP 3.0, mechanism NULL, then READY of a DEALER: what a ZeroMQ client says first."""
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
    ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
    return greeting + b"\x04" + bytes([len(ready)]) + ready


class IdleConnections:
    """ZeroMQ connections that say nothing after their greeting, spread over the nodes."""

    def __init__(self, addresses, count):
        self.addresses = addresses
        self.count = count
        self.sockets = []

    def __enter__(self):
        for number in range(self.count):
            host, port = self.addresses[number % len(self.addresses)].removeprefix("tcp://").rsplit(":", 1)
            connection = socket.create_connection((host, int(port)), timeout=10)
            self.sockets.append(connection)
            connection.sendall(zmtp_greeting())
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()


class Overload:
    def __init__(self, programs, helpers, seconds, say):
        self.programs = programs
        self.helpers = helpers
        self.seconds = seconds
        self.say = say
        self.peaks = {}
        self.callers_at_peak = {}

    def cluster(self):
        return RingKV(self.programs, self.helpers, node_settings={"limits": f"{{memory: {MEMORY_LIMIT}}}"})

    def helper(self, name, cluster, *words):
        return [os.path.join(self.helpers, name), "--registry", cluster.registry, *map(str, words)]

    @staticmethod
    def bench(cluster, keys, value_size, seconds, callers, timeout="60s"):
        """Half gets, half puts; the callers share CLIENTS client objects."""
        return cluster.kvctl("bench", "mixed", "--clients", str(callers), "--depth", "1",
                             "--connections", str(min(callers, CLIENTS)), "--keys", str(keys),
                             "--value-size", str(value_size), "--seconds", str(seconds), "-o", "json",
                             "--timeout", timeout)

    def peak_of_callers(self, keys, value_size):
        """The most that is done in a second by callers that wait for each answer: they are doubled until two doublings
        have brought no more. -> as few callers as reach it, and how much they do."""
        if (keys, value_size) not in self.callers_at_peak:
            found = {}
            with self.cluster() as cluster:
                cluster.wait_until_at_rest()
                callers = FIRST_CALLERS[value_size]
                for _ in range(DOUBLINGS):
                    done = json.loads(run(self.bench(cluster, keys, value_size, PEAK_SECONDS, callers)))
                    found[callers] = done["ops_per_second"]
                    most = min(each for each, rate in found.items() if rate >= PEAK_REACHED * max(found.values()))
                    if callers >= 4 * most:
                        break
                    callers *= 2
            self.callers_at_peak[keys, value_size] = most, found[most]
            self.say(f"peak of callers, {keys} keys of {value_size} bytes: {found[most]:.0f}/s by {most}")
        return self.callers_at_peak[keys, value_size]

    def peak(self, scenario):
        if scenario.callers:
            return self.peak_of_callers(scenario.keys, scenario.value_size)[1]
        return self.peak_of_open_load(scenario.keys, scenario.value_size)

    def peak_of_open_load(self, keys, value_size):
        """The most that is done in a second, half gets, half puts: the load is doubled until it is too much."""
        if (keys, value_size) not in self.peaks:
            with self.cluster() as cluster:
                cluster.wait_until_at_rest()
                callers = 8 if value_size == LARGE else 200
                rate = json.loads(run(self.bench(cluster, keys, value_size, 2, callers)))["ops_per_second"]
                best = 0
                for _ in range(DOUBLINGS):
                    found = json.loads(run(self.open_load(cluster, rate, PEAK_SECONDS, keys, value_size)))
                    best = max(best, found["done_per_second"])
                    offered = found["offered_per_second"]
                    if found["done_per_second"] < 0.9 * offered or offered < rate / 2:
                        break  # too much for the cluster, or for this machine to ask
                    rate *= 2
            self.peaks[keys, value_size] = best
            self.say(f"peak of {keys} keys of {value_size} bytes: {best:.0f}/s")
        return self.peaks[keys, value_size]

    def open_load(self, cluster, rate, seconds, keys, value_size):
        # The cluster comes first: what asks for more than it can do would else take its cores.
        return ["nice", "-n", "15", *self.helper("open_load", cluster, "--rate", rate, "--seconds", seconds,
                                                 "--keys", keys, "--value-size", value_size)]

    def load(self, scenario, cluster, watch):
        keys, value_size = scenario.keys, scenario.value_size
        if scenario.callers:
            callers = int(scenario.factor * self.peak_of_callers(keys, value_size)[0])
            command = ["nice", "-n", "15", *self.bench(cluster, keys, value_size, self.seconds, callers, CALLERS_WAIT)]
        else:
            command = self.open_load(cluster, max(scenario.factor * self.peak(scenario), 1), self.seconds, keys,
                                     value_size)
        with Background(command) as load:
            while load.process.poll() is None:
                if watch.too_much.wait(0.2) or watch.ended():
                    return None  # the context kills it
            out, err = load.process.communicate()
            # kvctl bench tells of operations that failed by its code as well.
            if load.process.returncode != 0 and not (scenario.callers and out):
                raise Failure(f"{' '.join(command)}\n{err.strip()}")
            return of_callers(json.loads(out)) if scenario.callers else json.loads(out)

    def under(self, scenario, cluster, watch):
        """The load, with the readers or connections that belong to it."""
        if scenario.slow_readers:
            readers = self.helper("open_load", cluster, "--never-read", "--connections", scenario.slow_readers,
                                  "--requests", 512, "--keys", 64, "--value-size", LARGE)
            with Background(readers):
                return self.load(scenario, cluster, watch)
        if scenario.idle_connections:
            addresses = [node["address"] for node in cluster.status()["nodes"]]
            with IdleConnections(addresses, scenario.idle_connections):
                return self.load(scenario, cluster, watch)
        return self.load(scenario, cluster, watch)

    def fill(self, scenario, cluster):
        if scenario.slow_readers:
            run(self.bench(cluster, 64, LARGE, 1, 16))
        else:
            run(self.bench(cluster, scenario.keys, scenario.value_size, 1, 16))

    def measure(self, scenario):
        peak = self.peak(scenario)
        with self.cluster() as cluster:
            cluster.wait_until_at_rest()
            self.fill(scenario, cluster)
            with Probe(self.helper("probe_load", cluster)) as probe:
                time.sleep(QUIET)
                began = time.monotonic()
                quiet = judged(probe.between(began - QUIET + 0.5, began))
                watch = Watch(cluster)
                load = self.under(scenario, cluster, watch)
                ended = time.monotonic()
                back = self.wait_until_back(cluster, probe, quiet, ended)
                watch.stop()
                found = {"name": scenario.name, "factor": scenario.factor, "peak_per_second": peak, "load": load,
                         "given_up": watch.too_much.is_set(), "seconds": ended - began, "quiet": quiet,
                         "others": judged(probe.between(began, ended)), **back, **watch.figures(),
                         "memory_limit_bytes": MEMORY_LIMIT}
        self.say(f"{scenario.name}: " + json.dumps(found))
        return found

    @staticmethod
    def wait_until_back(cluster, probe, quiet, ended):
        """-> how long after the load calls are as they were, and the cluster is whole; None: not in BACK_WITHIN s."""
        slow = max(5 * (quiet["p99_ms"] or 0) / 1000, 0.02)
        found = {"calls_back_after_s": None, "whole_after_s": None}
        while time.monotonic() < ended + BACK_WITHIN and None in found.values():
            if found["whole_after_s"] is None and cluster.is_whole():
                found["whole_after_s"] = round(time.monotonic() - ended, 2)
            back = back_after(list(probe.calls), ended, slow)
            found["calls_back_after_s"] = None if back is None else round(back, 2)
            time.sleep(0.1)
        return found


def of_callers(found):
    """-> what kvctl bench found, in the words of open_load. A caller asks for no more than it is answered, and what is
    refused as overloaded it asks again until its time is up."""
    offered = found["operations"] + found["errors"] + found["outcome_unknown"]
    return {"offered": offered, "offered_per_second": offered / found["seconds"],
            "done_per_second": found["ops_per_second"], "p50_us": found["p50_us"], "p99_us": found["p99_us"],
            "overloaded": found["errors"], "held_back": 0, "unanswered": found["outcome_unknown"]}


def share(part, whole):
    return f"{100 * part / whole:.0f}" if whole else "-"


Column = collections.namedtuple("Column", "title unit width text")


def seconds_text(value):
    return f"> {BACK_WITHIN}" if value is None else f"{value:.1f}"


def of_load(figure):
    return lambda row: "-" if row["load"] is None else figure(row["load"], row)


def mebibytes(row):
    nodes = max(size for name, size in row["memory_bytes"].items() if name != "registry")
    return f"{nodes >> 20}/{row['memory_limit_bytes'] >> 20}"


COLUMNS = [
    Column("", "", 23, lambda row: row["name"]),
    Column("peak", "/s", 9, lambda row: f"{row['peak_per_second']:.0f}"),
    Column("offered", "/s", 9, of_load(lambda load, _: f"{load['offered_per_second']:.0f}")),
    Column("done", "/s", 8, of_load(lambda load, _: f"{load['done_per_second']:.0f}")),
    Column("p50", "ms", 8, of_load(lambda load, _: f"{load['p50_us'] / 1000:.1f}")),
    Column("p99", "ms", 8, of_load(lambda load, _: f"{load['p99_us'] / 1000:.1f}")),
    Column("over-", "loaded %", 9, of_load(lambda load, _: share(load["overloaded"], load["offered"]))),
    Column("held", "back %", 7, of_load(lambda load, _: share(load["held_back"], load["offered"]))),
    Column("un-", "answered %", 11, of_load(lambda load, _: share(load["unanswered"], load["offered"]))),
    Column("others", "p99 ms", 8, lambda row: f"{row['others']['p99_ms'] or 0:.1f}"),
    Column("calls", "failed", 7, lambda row: str(row["others"]["failed"])),
    Column("node MiB", "/limit", 10, mebibytes),
    Column("epochs", "", 7, lambda row: str(row["epochs"])),
    Column("called", "down", 7, lambda row: str(len(row["called_down"]))),
    Column("lost a", "member", 7, lambda row: str(row["partitions_that_lost_a_member"])),
    Column("calls", "back s", 7, lambda row: seconds_text(row["calls_back_after_s"])),
    Column("whole", "s", 6, lambda row: seconds_text(row["whole_after_s"])),
]


def table(rows):
    def line(cells):
        return "".join(cell.ljust(column.width) if column is COLUMNS[0] else cell.rjust(column.width)
                       for column, cell in zip(COLUMNS, cells)).rstrip()
    lines = [line([column.title for column in COLUMNS]), line([column.unit for column in COLUMNS])]
    for row in rows:
        lines.append(line([column.text(row) for column in COLUMNS]))
        if row["given_up"]:
            lines.append(f"  given up after {row['seconds']:.0f} s: a process took more than {TOO_MUCH >> 30} GiB")
        if row["processes_ended"]:
            lines.append(f"  ended by itself: {', '.join(row['processes_ended'])}")
    return "\n".join(lines)
