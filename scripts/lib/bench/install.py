"""The peers, from Debian's packages; the services that come with them are neither started nor left to start."""
import os
import shutil
import subprocess

from .processes import Failure

POLICY = "/usr/sbin/policy-rc.d"
# Package -> what it is here for, a program or a file; and the services that it brings.
PACKAGES = {
    "redis-server": ("redis-server", ["redis-server"]),
    "redis-tools": ("redis-benchmark", []),
    "etcd-server": ("etcd", ["etcd"]),
    "libgrpc++-dev": ("/usr/include/grpcpp/grpcpp.h", []),
}


def missing():
    return [package for package, (thing, _) in PACKAGES.items()
            if not (os.path.exists(thing) if thing.startswith("/") else shutil.which(thing))]


def install(say):
    packages = missing()
    if not packages:
        return
    say("installing " + " ".join(packages))
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    # Debian starts a service when its package is installed, unless this says no. An administrator's own stays.
    own_policy = not os.path.exists(POLICY)
    if own_policy:
        _run([*as_root, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY} && chmod 755 {POLICY}"])
    try:
        apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
        subprocess.run([*apt, "update"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        _run([*apt, "install", "--no-install-recommends", *packages])
    finally:
        if own_policy:
            _run([*as_root, "rm", "-f", POLICY])
    if shutil.which("systemctl"):
        for service in (service for package in packages for service in PACKAGES[package][1]):
            subprocess.run([*as_root, "systemctl", "disable", "--now", service], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)


def _run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}\n{done.stdout[-2000:]}")
