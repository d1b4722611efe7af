"""etcd: three members. In memory where that is what it is compared with: then its files are on a tmpfs, and a sync
costs nothing.

Its own protocol, gRPC (etcd_load). One outstanding goes to the leader; many to all members, over many connections, which
is how etcd's own documentation gets the most out of it.
"""
import json
import os
import urllib.error
import urllib.request

from .processes import Failure, free_ports
from .subject import Subject

IN_MEMORY = "/dev/shm"
ELECTION = "3000"  # milliseconds


class Etcd(Subject):
    def __init__(self, programs, on_disk=False):
        super().__init__(None if on_disk else IN_MEMORY)
        self.name = "etcd" if on_disk else "etcd-in-memory"
        self.programs = programs
        self.members = []  # "127.0.0.1:PORT", the leader first

    def start(self):
        ports = free_ports(6)
        names = ["e1", "e2", "e3"]
        peers = {name: f"http://127.0.0.1:{port}" for name, port in zip(names, ports[:3])}
        clients = {name: f"127.0.0.1:{port}" for name, port in zip(names, ports[3:])}
        for name in names:
            self.serve(name, [
                "etcd", "--name", name, "--data-dir", self.path(name), "--log-level", "error",
                "--election-timeout", ELECTION,  # so that no leader changes where the machine is busy
                "--listen-peer-urls", peers[name], "--initial-advertise-peer-urls", peers[name],
                "--listen-client-urls", "http://" + clients[name],
                "--advertise-client-urls", "http://" + clients[name],
                "--initial-cluster", ",".join(f"{each}={url}" for each, url in peers.items())])
        self.members = list(clients.values())
        for server, member in zip(self.servers, self.members):
            server.wait_for(lambda member=member: self._status(member).get("leader"), "a leader")
        self.members.sort(key=lambda member: not self._leads(member))
        if not self._leads(self.members[0]):
            raise Failure("etcd has no leader")

    def _status(self, member):
        request = urllib.request.Request(f"http://{member}/v3/maintenance/status", data=b"{}")
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return {}

    def _leads(self, member):
        status = self._status(member)
        return bool(status) and status["leader"] == status["header"]["member_id"]

    def load_command(self, operation, outstanding, *more):
        return [os.path.join(self.programs, "etcd_load"), operation, "--endpoints", ",".join(self.members),
                "--outstanding", str(outstanding), *more]

    def fill(self, first, end):
        """Only puts are measured: how many keys there are makes no difference that is worth a minute of filling."""
