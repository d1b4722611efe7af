"""Three bare ZeroMQ servers: what the transport alone takes, in RingKV's shape (tests/benchmarks/load/bare_server.cpp)."""
import os

from .processes import free_ports
from .subject import Subject


class BareZmq(Subject):
    name = "zmq"

    def __init__(self, programs):
        super().__init__()
        self.programs = programs
        self.endpoints = []

    def start(self):
        self.endpoints = [f"tcp://127.0.0.1:{port}" for port in free_ports(3)]
        for endpoint in self.endpoints:
            peers = [other for other in self.endpoints if other != endpoint]
            self.serve(f"bare-{len(self.servers)}", [os.path.join(self.programs, "bare_server"), endpoint, *peers])
        for server in self.servers:
            server.wait_for_output("ready")

    def fill(self, first, end):
        """They store nothing."""

    def load_command(self, operation, outstanding, *more):
        return [os.path.join(self.programs, "bare_load"), operation, "--endpoints", ",".join(self.endpoints),
                "--outstanding", str(outstanding), *more]
