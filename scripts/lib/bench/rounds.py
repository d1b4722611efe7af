"""Runs the subjects, one at a time, in rounds; each round measures all that is to be compared.

Only one subject's servers run at a time: on two processors any other would take from what is measured. The order is
turned round with every round, so that a machine that becomes slower or faster favours neither side.
"""
import os
import time
from dataclasses import dataclass

from .bare_zmq import BareZmq
from .etcd import Etcd
from .redis import Redis
from .ringkv import RingKV, ScrapedRingKV
from .rows import (ETCD, ETCD_ON_DISK, ONCE, REDIS, RINGKV, RINGKV_64, RINGKV_FSYNC, RINGKV_OS, RINGKV_ROCKSDB,
                   RINGKV_SCRAPED, RINGKV_SHARDS, ZMQ)
from .subject import KEYS


@dataclass(frozen=True)
class Pace:
    rounds: int
    seconds: float       # a measurement
    memory_keys: int
    idle_seconds: float


FULL = Pace(rounds=7, seconds=2, memory_keys=1_000_000, idle_seconds=10)
QUICK = Pace(rounds=3, seconds=1, memory_keys=200_000, idle_seconds=5)


def subjects(measured, helpers):
    """By name, how each is made. `measured`: the folder of the RingKV that is measured; `helpers`: of the generators."""
    return {
        RINGKV: lambda: RingKV(measured, helpers, 1024),
        RINGKV_64: lambda: RingKV(measured, helpers, 64),
        RINGKV_FSYNC: lambda: RingKV(measured, helpers, 1024, "fsync"),
        RINGKV_ROCKSDB: lambda: RingKV(measured, helpers, 1024, "fsync", node_settings={"engine": "rocksdb"}),
        RINGKV_OS: lambda: RingKV(measured, helpers, 1024, "os"),
        RINGKV_SCRAPED: lambda: ScrapedRingKV(measured, helpers, 1024),
        **{name: lambda shards=shards: RingKV(measured, helpers, 1024, node_settings={"shards": shards})
           for shards, name in RINGKV_SHARDS.items()},
        REDIS: lambda: Redis(helpers),
        ZMQ: lambda: BareZmq(helpers),
        ETCD: lambda: Etcd(helpers),
        ETCD_ON_DISK: lambda: Etcd(helpers, on_disk=True),
    }


def wanted(rows, once):
    """By subject, in order, the measurements of every round, or (`once`) of the run."""
    plan = {}
    for row in rows:
        for each in row.measurements():
            if (each.operation in ONCE) == once and each not in plan.setdefault(each.subject, []):
                plan[each.subject].append(each)
    return {subject: measurements for subject, measurements in plan.items() if measurements}


def measure_round(plan, makers, pace, backwards):
    found = {}
    for name in sorted(plan, key=list(makers).index, reverse=backwards):
        with makers[name]() as subject:
            subject.fill(0, KEYS)
            for each in plan[name]:
                found[each] = subject.measure(each.operation, each.outstanding, pace.seconds)
    return found


def measure_once(plan, makers, pace):
    found = {}
    for name, measurements in plan.items():
        for each in measurements:
            with makers[name]() as subject:
                if each.operation == "memory":
                    found[each] = subject.bytes_per_key(pace.memory_keys)
                else:
                    subject.fill(0, 1)  # it is whole
                    found[each] = subject.idle(pace.idle_seconds)
    return found


def measure(rows, makers, pace, say):
    """-> a list of rounds, each {measurement: figures}; what is measured once is in the first."""
    rounds = []
    plan = wanted(rows, once=False)
    if plan:
        for number in range(pace.rounds):
            began = time.monotonic()
            rounds.append(measure_round(plan, makers, pace, backwards=number % 2 == 1))
            say(f"round {number + 1} of {pace.rounds}: {time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
    single = measure_once(wanted(rows, once=True), makers, pace)
    if not rounds:
        return [single]
    rounds[0].update(single)
    return rounds
