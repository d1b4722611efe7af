"""Processes that a subject starts, and what /proc says of them. All are ended by pid."""
import os
import random
import signal
import socket
import subprocess
import time

PATIENCE = 60  # seconds


class Failure(Exception):
    """The run cannot go on; says why."""


def free_ports(count):
    """Loopback ports that nothing listens on now, below those that the kernel gives to outgoing connections: one of these
    could take the port of a server that is ended and started again."""
    sockets = []
    try:
        while len(sockets) < count:
            each = socket.socket()
            try:
                each.bind(("127.0.0.1", random.randint(12000, 32000)))
                sockets.append(each)
            except OSError:
                each.close()
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"{what} is not so after {patience} s")
        time.sleep(0.02)


def run(command):
    """-> its output. It must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}\n{(done.stderr or done.stdout).strip()}")
    return done.stdout


class Server:
    """One process, until stop(). Its output goes to DIRECTORY/NAME.log."""

    def __init__(self, name, command, directory):
        self.name = name
        self.command = command
        self.log = os.path.join(directory, name + ".log")
        self.start()

    def start(self):
        """Once more, after it has ended; its log begins anew."""
        with open(self.log, "wb") as log:
            # In a session of its own: Ctrl-C is for the script, which then ends everything.
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_for(self, condition, what):
        def holds():
            if self.process.poll() is not None:
                raise Failure(f"{self.name} has ended ({self.process.returncode}):\n{self.output()[-2000:]}")
            return condition()
        wait_until(holds, f"{self.name}: {what}")

    def wait_for_output(self, text):
        self.wait_for(lambda: text in self.output(), f"'{text}' in its output")

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise Failure(f"process {pid} has no memory")


def wake_ups(pid):
    """How often a thread has waited for something and was woken, all threads together."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as status:
            total += next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches:"))
    return total


def processor_seconds(pid):
    """User and system time of all threads. From schedstat: stat counts in steps of 10 ms."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as schedstat:
            total += int(schedstat.read().split()[0])
    return total / 1e9
