"""What is measured: a store, or what stands in for one, that is started, filled, asked and ended."""
import json
import os
import shutil
import tempfile
import time

from .processes import Failure, Server, processor_seconds, resident_bytes, run, wake_ups

KEYS = 100_000
ATTEMPTS = 3  # to start


class Subject:
    """As a context: its servers run inside. A subject says how they start and which command makes the load."""

    name = ""

    def __init__(self, parent=None):
        self._parent = parent  # a directory, for the servers' files
        self.directory = ""
        self.servers = []

    def __enter__(self):
        for attempt in range(1, ATTEMPTS + 1):
            self.directory = tempfile.mkdtemp(prefix=f"ringkv-bench-{self.name}-", dir=self._parent)
            try:
                self.start()
                return self
            except Failure:  # another process may have taken a port that was free
                self.__exit__()
                if attempt == ATTEMPTS:
                    raise
            except BaseException:
                self.__exit__()
                raise

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        self.servers = []
        shutil.rmtree(self.directory, ignore_errors=True)

    def serve(self, name, command):
        server = Server(name, command, self.directory)
        self.servers.append(server)
        return server

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        raise NotImplementedError

    def load_command(self, operation, outstanding, *more):
        """Of a generator of tests/benchmarks/load."""
        raise NotImplementedError

    def fill(self, first, end):
        """Writes the keys from `first` to `end`."""
        if first < end:
            run(self.load_command("fill", 800, "--first-key", str(first), "--keys", str(end)))

    def measure(self, operation, outstanding, seconds):
        """-> {"ops_per_second": ..., "p50_us": ..., "wakes_per_op": ...}, the last of all servers' threads together."""
        before = sum(wake_ups(server.pid) for server in self.servers)
        found = json.loads(run(self.load_command(operation, outstanding, "--keys", str(KEYS),
                                                 "--seconds", str(seconds))))
        woken = sum(wake_ups(server.pid) for server in self.servers) - before
        return {**found, "wakes_per_op": woken / max(found["ops_per_second"] * seconds, 1)}

    def holders(self):
        """The servers that hold a copy of every key."""
        return self.servers

    def bytes_per_key(self, keys):
        """What the memory of a holder grows by, for each key. The first tenth is not counted: it fills what a server
        has anyway."""
        self.fill(0, keys // 10)
        before = self._memory()
        self.fill(keys // 10, keys)
        return {"bytes": (self._memory() - before) / (keys - keys // 10)}

    def _memory(self):
        time.sleep(1)  # what is under way, and what is freed late
        return sum(resident_bytes(server.pid) for server in self.holders()) / len(self.holders())

    def idle(self, seconds):
        """Percent of a core that a holder takes while nothing is asked of it."""
        time.sleep(2)
        began = time.monotonic()
        before = sum(processor_seconds(server.pid) for server in self.holders())
        time.sleep(seconds)
        used = sum(processor_seconds(server.pid) for server in self.holders()) - before
        return {"percent": 100 * used / (time.monotonic() - began) / len(self.holders())}
