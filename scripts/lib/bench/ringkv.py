"""RingKV: a registry and some nodes, three copies, in memory, if nothing else is said; all else as it is by default."""
import json
import os
import signal
import subprocess
import threading
import time
import urllib.request

from .processes import PATIENCE, Failure, free_ports, wait_until
from .subject import Subject

COPIES = 3


class RingKV(Subject):
    """`programs`: the folder of the build that is measured. The client library is in its ringkv_load; a build that has
    none yet is asked by that of `helpers`."""

    def __init__(self, programs, helpers, partitions=1024, durability="memory", nodes=3, node_settings=None):
        super().__init__()
        self.name = f"ringkv-{partitions}"
        self.programs = programs
        self.helpers = helpers
        self.partitions = partitions
        self.durability = durability
        self.nodes = [f"n{number}" for number in range(1, nodes + 1)]
        self.node_settings = node_settings or {}
        self.registry = ""

    def start(self):
        # The publications' port is the one after the registry's, so it is asked for as well.
        ports = free_ports(2 + len(self.nodes))
        self.registry = f"tcp://127.0.0.1:{ports[0]}"
        registry = self._serve("registry", "ringkv-registry", {
            "cluster": "bench", "listen": self.registry, "publish": f"tcp://127.0.0.1:{ports[1]}",
            "data_dir": self.path("registry"), "partitions": self.partitions, "replication": COPIES,
            "form_with": len(self.nodes)})
        registry.wait_for_output("ready")
        for number, (name, port) in enumerate(zip(self.nodes, ports[2:])):
            self._serve(name, "ringkv-node", {
                "name": name, "rack": f"r{number % COPIES + 1}", "registry": self.registry,
                "listen": f"tcp://127.0.0.1:{port}", "data_dir": self.path(name), "engine": "memory",
                "durability": self.durability, **self.node_settings})
        for node in self.holders():
            node.wait_for_output("ready")

    def _serve(self, name, program, settings):
        configuration = self.path(name + ".yaml")
        with open(configuration, "w", encoding="utf-8") as file:
            file.writelines(f"{key}: {value}\n" for key, value in settings.items())
        return self.serve(name, [self._program(program), "--config", configuration])

    def _program(self, name, *elsewhere):
        for folder in (self.programs, *elsewhere):
            if os.path.exists(os.path.join(folder, name)):
                return os.path.join(folder, name)
        raise Failure(f"there is no {name} in {self.programs}")

    def holders(self):
        return self.servers[1:]

    def server(self, name):
        return next(server for server in self.servers if server.name == name)

    def end_node(self, name, how=signal.SIGKILL):
        """SIGKILL, or SIGTERM: then it has handed over what it led when this returns."""
        server = self.server(name)
        server.process.send_signal(how)
        try:
            server.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"{name} has not ended {PATIENCE} s after {how.name}") from None

    def start_node(self, name):
        """Again, after end_node()."""
        server = self.server(name)
        server.start()
        server.wait_for_output("ready")

    def kvctl(self, *words):
        return [self._program("kvctl"), "--registry", self.registry, *words]

    def status(self):
        """What `kvctl status` says; None: no answer."""
        done = subprocess.run(self.kvctl("status", "-o", "json"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, start_new_session=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def is_whole(self):
        status = self.status()
        return (status is not None and status["health"] == "ok"
                and status["moves"] == {**status["moves"], "active": 0, "pending": 0}
                and all(node["state"] == "up" and node["primaries"] > 0 for node in status["nodes"])
                and len(status["nodes"]) == len(self.nodes))

    def wait_until_at_rest(self):
        """Every partition has its copies, every node leads some, and the map has not changed for two seconds."""
        def at_rest():
            if not self.is_whole():
                return False
            before = self.status()
            time.sleep(2)
            after = self.status()
            return before is not None and after is not None and before["epoch"] == after["epoch"]
        wait_until(at_rest, "the cluster whole and at rest")

    def load_command(self, operation, outstanding, *more):
        # It waits until every partition has its three copies.
        return [self._program("ringkv_load", self.helpers), operation, "--endpoints", self.registry,
                "--outstanding", str(outstanding), *more]


class RingKVWithPages(RingKV):
    """All its servers have pages."""

    def __init__(self, *settings):
        super().__init__(*settings)
        self.pages = {}  # by server

    def _serve(self, name, program, settings):
        self.pages[name] = f"127.0.0.1:{free_ports(1)[0]}"
        return super()._serve(name, program, {**settings, "http": self.pages[name]})

    def scrape(self):
        """Asks all that live for their /metrics."""
        for name, page in self.pages.items():
            try:
                with urllib.request.urlopen(f"http://{page}/metrics", timeout=PATIENCE) as answer:
                    answer.read()
            except OSError as error:
                if self.server(name).process.poll() is None:
                    raise Failure(f"{name} does not answer with its metrics: {error}") from None


class ScrapedRingKV(RingKVWithPages):
    """All its servers' /metrics are asked for once a second while it is measured."""

    def measure(self, operation, outstanding, seconds):
        done = threading.Event()
        scraper = threading.Thread(target=self._scrape, args=(done,))
        scraper.start()
        try:
            return super().measure(operation, outstanding, seconds)
        finally:
            done.set()
            scraper.join()

    def _scrape(self, done):
        while not done.is_set():
            self.scrape()
            done.wait(1)
