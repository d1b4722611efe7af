#!/usr/bin/env python3
"""This machine's package database as RingKV records, and back: real data for scripts/demo.

    packages.py dump FILE               writes NDJSON, one record a package; prints how many there are
    packages.py compare FILE EXPORTED [OTHERS]
                                        both NDJSON; compares byte for byte, prints how many records agree;
                                        exported keys that begin with OTHERS are not looked at

Keys: NAME for installed packages (NAME:ARCHITECTURE where a name is there for several), and
index/NAME=VERSION for what apt could install. Values: the stanza, byte for byte.
"""
import base64
import glob
import json
import subprocess
import sys

STATUS = "/var/lib/dpkg/status"
INDEXES = "/var/lib/apt/lists/*_Packages*"
APT_HELPER = "/usr/lib/apt/apt-helper"


def stanzas(content):
    return [stanza for stanza in content.split(b"\n\n") if stanza.strip()]


def field(stanza, name):
    for line in stanza.split(b"\n"):
        if line.lower().startswith(name.lower() + b":"):
            return line.split(b":", 1)[1].strip()
    return b""


def installed():
    with open(STATUS, "rb") as status:
        all_stanzas = stanzas(status.read())
    names = [field(stanza, b"Package") for stanza in all_stanzas]
    times = {}
    for name in names:
        times[name] = times.get(name, 0) + 1
    for name, stanza in zip(names, all_stanzas):
        key = name if times[name] == 1 else name + b":" + field(stanza, b"Architecture")
        yield key, stanza


def available():
    for path in sorted(glob.glob(INDEXES)):
        # Indexes may be compressed in several ways: apt knows them all.
        index = subprocess.run([APT_HELPER, "cat-file", path], capture_output=True, check=False)
        if index.returncode != 0:
            print(f"packages.py: left out {path}: {index.stderr.decode(errors='replace').strip()}", file=sys.stderr)
            continue
        for stanza in stanzas(index.stdout):
            yield b"index/" + field(stanza, b"Package") + b"=" + field(stanza, b"Version"), stanza


def records():
    """Each key once: where two indexes have the same package, the first counts."""
    seen = set()
    for source in (installed, available):
        for key, stanza in source():
            if key not in seen:
                seen.add(key)
                yield key, stanza


def put_bytes(record, name, content):
    try:
        record[name] = content.decode("utf-8")
    except UnicodeDecodeError:
        record[name + "_base64"] = base64.b64encode(content).decode("ascii")


def get_bytes(record, name):
    if name in record:
        return record[name].encode("utf-8")
    return base64.b64decode(record[name + "_base64"], validate=True)


def dump(path):
    count = size = 0
    with open(path, "w", encoding="utf-8") as file:
        for key, stanza in records():
            record = {}
            put_bytes(record, "key", key)
            put_bytes(record, "value", stanza)
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
            size += len(key) + len(stanza)
    print(f"{count} packages, {size / 1e6:.1f} MB")
    return 0 if count else 1


def read(path):
    found = {}
    with open(path, "rb") as file:
        for line in file:
            record = json.loads(line)
            key = get_bytes(record, "key")
            if key in found:
                raise ValueError(f"{path}: {key!r} is there twice")
            found[key] = get_bytes(record, "value")
    return found


def compare(expected_path, exported_path, others=None):
    expected, exported = read(expected_path), read(exported_path)
    if others is not None:
        exported = {key: value for key, value in exported.items() if not key.startswith(others.encode())}
    wrong = [f"missing: {key!r}" for key in expected if key not in exported]
    wrong += [f"not ours: {key!r}" for key in exported if key not in expected]
    wrong += [f"differs: {key!r}" for key in expected if key in exported and exported[key] != expected[key]]
    for line in wrong[:10]:
        print(line, file=sys.stderr)
    if wrong:
        print(f"packages.py: {len(wrong)} of {len(expected)} records are not as they were", file=sys.stderr)
        return 1
    print(f"{len(expected)} records")
    return 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "dump":
        return dump(arguments[1])
    if len(arguments) in (3, 4) and arguments[0] == "compare":
        return compare(*arguments[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
