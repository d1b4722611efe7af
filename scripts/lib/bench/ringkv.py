"""RingKV: a registry and three nodes, three copies, memory engine, durability memory."""
import os

from .processes import Failure, free_ports
from .subject import Subject

NODES = 3


class RingKV(Subject):
    """`programs`: the folder of the build that is measured. The client library is in its ringkv_load; a build that has
    none yet is asked by that of `helpers`."""

    def __init__(self, programs, helpers, partitions=1024, durability="memory"):
        super().__init__()
        self.name = f"ringkv-{partitions}"
        self.programs = programs
        self.helpers = helpers
        self.partitions = partitions
        self.durability = durability
        self.registry = ""

    def start(self):
        # The publications' port is the one after the registry's, so it is asked for as well.
        ports = free_ports(2 + NODES)
        self.registry = f"tcp://127.0.0.1:{ports[0]}"
        registry = self._serve("registry", "ringkv-registry", {
            "cluster": "bench", "listen": self.registry, "publish": f"tcp://127.0.0.1:{ports[1]}",
            "data_dir": self.path("registry"), "partitions": self.partitions, "replication": NODES,
            "form_with": NODES})
        registry.wait_for_output("ready")
        for number, port in enumerate(ports[2:], 1):
            self._serve(f"n{number}", "ringkv-node", {
                "name": f"n{number}", "rack": f"r{number}", "registry": self.registry,
                "listen": f"tcp://127.0.0.1:{port}", "data_dir": self.path(f"n{number}"), "engine": "memory",
                "durability": self.durability})
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

    def load_command(self, operation, outstanding, *more):
        # It waits until every partition has its three copies.
        return [self._program("ringkv_load", self.helpers), operation, "--endpoints", self.registry,
                "--outstanding", str(outstanding), *more]
