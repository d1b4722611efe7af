"""Redis: a primary with two replicas, nothing on disk.

Reads are redis-benchmark's, with as many connections and as deep a pipeline as are outstanding (800: 50 x 16).
Writes are SET followed by WAIT 2, of redis_load: redis-benchmark cannot say that.
"""
import csv
import io
import os
import socket

from .processes import Failure, free_ports, run
from .subject import KEYS, Subject

CONNECTIONS = 50


class Redis(Subject):
    name = "redis"

    def __init__(self, programs):
        super().__init__()
        self.programs = programs
        self.port = 0
        self._rates = {}  # of earlier measurements, by outstanding

    def start(self):
        ports = free_ports(3)
        self.port = ports[0]
        for number, port in enumerate(ports):
            follows = ["--replicaof", "127.0.0.1", str(self.port)] if number > 0 else []
            self.serve(f"redis-{number}", [
                "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", self.directory, "--save", "",
                "--appendonly", "no", "--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", *follows])
            if number == 0:
                self.servers[0].wait_for_output("Ready to accept connections")
        self.servers[0].wait_for(lambda: self._info("replication").count("state=online") == 2, "two replicas")

    def holders(self):
        return self.servers[:1]  # the primary

    def load_command(self, operation, outstanding, *more):
        return [os.path.join(self.programs, "redis_load"), operation, "--endpoints", f"127.0.0.1:{self.port}",
                "--outstanding", str(outstanding), *more]

    def measure(self, operation, outstanding, seconds):
        if operation != "get":
            return super().measure(operation, outstanding, seconds)
        # It goes on for a number of requests, not for a time.
        if outstanding not in self._rates:
            self._rates[outstanding] = self._read(outstanding, 500 * outstanding)["ops_per_second"]
        result = self._read(outstanding, max(1000, int(seconds * self._rates[outstanding])))
        self._rates[outstanding] = result["ops_per_second"]
        if "keyspace_misses:0\r" not in self._info("stats"):
            raise Failure("redis-benchmark has asked for keys that are not there")
        return result

    def _read(self, outstanding, requests):
        connections = min(outstanding, CONNECTIONS)
        # __rand_int__ becomes 12 digits: the keys are those of the other generators.
        output = run(["redis-benchmark", "-h", "127.0.0.1", "-p", str(self.port), "-c", str(connections),
                      "-P", str(outstanding // connections), "-n", str(requests), "-r", str(KEYS), "--csv",
                      "GET", "key-0__rand_int__"])
        row = list(csv.DictReader(io.StringIO(output)))[-1]
        return {"ops_per_second": float(row["rps"]), "p50_us": 1000 * float(row["p50_latency_ms"])}

    def _info(self, section):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(f"INFO {section}\r\nQUIT\r\n".encode())
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer.decode()
