"""What is compared, with the goals of the design: one object a row."""
from dataclasses import dataclass
from typing import Optional

RINGKV, RINGKV_64, REDIS, ZMQ, ETCD = "ringkv-1024", "ringkv-64", "redis", "zmq", "etcd-in-memory"
RINGKV_FSYNC, RINGKV_OS, ETCD_ON_DISK = "ringkv-1024-fsync", "ringkv-1024-os", "etcd"
RINGKV_ROCKSDB = "ringkv-1024-fsync-rocksdb"
RINGKV_SCRAPED = "ringkv-1024-scraped"
RINGKV_SHARDS = {shards: f"ringkv-1024-{shards}-shards" for shards in (2, 4)}

# Operations that a subject is asked for once in a run, not in every round: they take long and hardly vary.
ONCE = ("memory", "idle")


@dataclass(frozen=True)
class Measurement:
    subject: str
    operation: str  # get, put; memory, idle
    outstanding: int = 0


@dataclass(frozen=True)
class Row:
    """The figure of `ours`, divided by that of `theirs`; as it is, where there is no `theirs`."""

    name: str
    ours: Measurement
    theirs: Optional[Measurement]
    figure: str = "ops_per_second"
    better: str = "higher"
    goal: Optional[float] = None
    least: Optional[float] = None

    def measurements(self):
        return [each for each in (self.ours, self.theirs) if each]


def against(peer, operation, outstanding, label, **more):
    return Row(f"{operation}-{outstanding}/{label}", Measurement(RINGKV, operation, outstanding),
               Measurement(peer, operation, outstanding), **more)


def latency(operation):
    return against(ZMQ, operation, 1, "zmq-p50", figure="p50_us", better="lower", goal=1.3)


def wakes(operation, outstanding):
    return against(ZMQ, operation, outstanding, "zmq-wakes", figure="wakes_per_op", better="lower")


def partitions(operation):
    return Row(f"{operation}-800/64-partitions", Measurement(RINGKV, operation, 800),
               Measurement(RINGKV_64, operation, 800), goal=0.95, least=0.85)


ROWS = (
    against(REDIS, "get", 1, "redis"),
    against(REDIS, "get", 50, "redis", goal=3.0, least=2.0),
    against(REDIS, "get", 800, "redis", goal=1.5, least=0.9),
    against(REDIS, "put", 1, "redis"),
    against(REDIS, "put", 50, "redis", goal=2.0, least=1.0),
    against(REDIS, "put", 800, "redis", goal=2.0, least=1.0),
    latency("get"),
    latency("put"),
    against(ZMQ, "get", 50, "zmq"),
    against(ZMQ, "get", 800, "zmq"),
    against(ZMQ, "put", 50, "zmq"),
    against(ZMQ, "put", 800, "zmq", goal=0.6),
    wakes("get", 1),
    wakes("put", 1),
    wakes("get", 800),
    wakes("put", 800),
    against(ETCD, "put", 1, "etcd"),
    against(ETCD, "put", 800, "etcd"),
    partitions("get"),
    partitions("put"),
    Row("bytes-a-key/redis", Measurement(RINGKV, "memory"), Measurement(REDIS, "memory"), figure="bytes",
        better="lower", goal=1.0, least=1.1),
    Row("idle-percent", Measurement(RINGKV, "idle"), None, figure="percent", better="lower", goal=0.5, least=1.0),
)

# What a write costs that is on the disks of all three before it is acknowledged.
DURABLE = (
    Row("fsync-put-1/etcd", Measurement(RINGKV_FSYNC, "put", 1), Measurement(ETCD_ON_DISK, "put", 1), goal=1.0,
        least=1.0),
    Row("fsync-put-800/etcd", Measurement(RINGKV_FSYNC, "put", 800), Measurement(ETCD_ON_DISK, "put", 800), goal=50,
        least=50),
    Row("fsync-put-1/memory", Measurement(RINGKV_FSYNC, "put", 1), Measurement(RINGKV, "put", 1)),
    Row("fsync-put-800/memory", Measurement(RINGKV_FSYNC, "put", 800), Measurement(RINGKV, "put", 800), goal=0.6,
        least=0.6),
    Row("rocksdb-put-1/etcd", Measurement(RINGKV_ROCKSDB, "put", 1), Measurement(ETCD_ON_DISK, "put", 1), goal=1.0,
        least=1.0),
    Row("rocksdb-put-800/etcd", Measurement(RINGKV_ROCKSDB, "put", 800), Measurement(ETCD_ON_DISK, "put", 800), goal=20,
        least=20),
    Row("rocksdb-get-800/memory", Measurement(RINGKV_ROCKSDB, "get", 800), Measurement(RINGKV_FSYNC, "get", 800)),
    Row("os-put-800/memory", Measurement(RINGKV_OS, "put", 800), Measurement(RINGKV, "put", 800)),
)

# What it costs to be looked at.
OBSERVED = tuple(
    Row(f"{operation}-800/not-scraped", Measurement(RINGKV_SCRAPED, operation, 800),
        Measurement(RINGKV, operation, 800), goal=0.98, least=0.98) for operation in ("get", "put"))

# Nodes of several event loops, beside those of one.
SHARDS = tuple(
    Row(f"{shards}-shards-{operation}-{outstanding}/1-shard", Measurement(subject, operation, outstanding),
        Measurement(RINGKV, operation, outstanding))
    for shards, subject in RINGKV_SHARDS.items() for operation in ("get", "put") for outstanding in (50, 800))

GROUPS = {"speed": ROWS, "durable": DURABLE, "observed": OBSERVED, "shards": SHARDS}
ALL = tuple(row for group in GROUPS.values() for row in group)


def chosen(names, group="speed"):
    """The rows of these names, of whatever group; a name may end with *. None: all of the group."""
    if names is None:
        return list(GROUPS[group])
    found = []
    for name in names:
        rows = [row for row in ALL if row.name == name or (name.endswith("*") and row.name.startswith(name[:-1]))]
        if not rows:
            raise ValueError(f"there is no row {name}; --list shows them")
        found += [row for row in rows if row not in found]
    return found
