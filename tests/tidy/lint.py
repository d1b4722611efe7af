#!/usr/bin/env python3
"""clang-tidy on sources, but for those that it found clean before and that have not changed since.

    lint.py BUILD FILE...   BUILD has compile_commands.json; exit 1 if there is a finding
    lint.py --self-test     plants findings and changes and demands that each is seen

What a clean result depends on: the source, every header that it includes (as g++ -M names them), its command, the
.clang-tidy of every folder above it and clang-tidy's version. One hash of all that is kept a source, in BUILD/lint/,
and only if clang-tidy said nothing. Paths below the tree are hashed as relative ones: the results hold in every clone.
A source without a command (the fuzzers: only clang builds them) is looked at each time, with the command of a file
beside it.
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

# Our commands are g++'s: clang does not know all of its warnings.
TIDY = ("clang-tidy", "--quiet", "--extra-arg=-Wno-unknown-warning-option")


@functools.lru_cache(maxsize=None)
def content_hash(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def commands_of(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    return {os.path.realpath(entry["file"]): entry for entry in entries}


def dependencies(entry):
    """Every file that the command reads, itself included."""
    words = shlex.split(entry["command"])
    at = words.index("-o")
    del words[at:at + 2]
    listed = subprocess.run([*words, "-M"], cwd=entry["directory"], check=True, capture_output=True, text=True).stdout
    return sorted(set(shlex.split(listed.partition(":")[2].replace("\\\n", " "))))


class Lint:
    def __init__(self, root, build):
        self.root, self.build, self.kept = root, build, build / "lint"
        self.commands = commands_of(build)
        self.tidy = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True, text=True).stdout
        self.kept.mkdir(exist_ok=True)

    def key(self, entry):
        """Of all that a clean result depends on; none where that is not known: no command, or it fails."""
        try:
            files = dependencies(entry) if entry else None
        except subprocess.CalledProcessError:
            files = None
        if not files:
            return None
        folders = [folder for folder in pathlib.Path(entry["file"]).parents if folder.is_relative_to(self.root)]
        rules = [str(folder / ".clang-tidy") for folder in folders if (folder / ".clang-tidy").exists()]
        hashed = hashlib.sha256()
        contents = [f"{self.named(path)} {content_hash(path)}" for path in rules + files]
        for part in (self.tidy, self.named(entry["command"]), *sorted(contents)):
            hashed.update(part.encode() + b"\0")
        return hashed.hexdigest()

    def named(self, text):
        """As it is in every clone: the tree's own path, and what is sorted by it, would differ."""
        return text.replace(str(self.root), ".")

    def look_at(self, source):
        """Whether clang-tidy had to look, and what it said."""
        path = os.path.realpath(source)
        key = self.key(self.commands.get(path))
        kept = self.kept / os.path.relpath(path, self.root).replace("/", "-")
        if key and kept.exists() and kept.read_text() == key:
            return False, ""
        ran = subprocess.run([*TIDY, "-p", str(self.build), path], capture_output=True, text=True)
        said = ran.stdout
        if ran.returncode != 0 and not said:
            said = f"{source}: clang-tidy ended with {ran.returncode}\n{ran.stderr}"
        if key and not said:
            kept.write_text(key)
        return True, said

    def all(self, sources):
        looked_at = findings = 0
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for looked, said in pool.map(self.look_at, sources):
                looked_at += looked
                findings += bool(said)
                print(said, end="", flush=True)
        print(f"{len(sources)} sources: {looked_at} looked at, {len(sources) - looked_at} known to be clean, "
              f"{findings} with findings")
        return findings == 0


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        outside = pathlib.Path(folder).resolve() / "outside"  # sorted between the tree and its clone
        outside.mkdir()
        (outside / "outside.hpp").write_text("")
        root, clone = outside.parent / "a", outside.parent / "z"
        build = root / "build"
        build.mkdir(parents=True)
        (root / "other").mkdir()
        (root / "other" / ".clang-tidy").write_text("Checks: '*'\n")
        source, header, rules = root / "a.cpp", root / "a.hpp", root / ".clang-tidy"
        entry = {"directory": str(build), "file": str(source), "command": f"g++ -std=c++20 -I {outside} -o a.o -c {source}"}
        commands = json.dumps([entry])
        (build / "compile_commands.json").write_text(commands)
        source.write_text('#include "a.hpp"\n#include "outside.hpp"\nint* a() { return zero(); }\n')
        clean, finding = "inline int* zero() { return nullptr; }\n", "inline int* zero() { return (int*)0; }\n"
        quiet, strict = "Checks: '-*,bugprone-*'\n", "Checks: '-*,modernize-use-nullptr'\n"
        common = "HeaderFilterRegex: '.*'\nWarningsAsErrors: '*'\n"

        def look(header_text, rules_text):
            header.write_text(header_text)
            rules.write_text(rules_text + common)
            content_hash.cache_clear()
            looked, said = Lint(root, build).look_at(str(source))
            return looked, bool(said)

        steps = [
            ("new", clean, quiet, (True, False)),
            ("unchanged", clean, quiet, (False, False)),
            ("a header changed", finding, quiet, (True, False)),
            ("the rules changed", finding, strict, (True, True)),
            ("a finding is not forgotten", finding, strict, (True, True)),
            ("mended", clean, strict, (True, False)),
            ("the rules of a folder below do not matter", clean, strict, (False, False)),
            ("does not compile", "int\n", strict, (True, True)),
        ]
        wrong = [name for name, header_text, rules_text, wanted in steps if look(header_text, rules_text) != wanted]
        look(clean, strict)
        shutil.copytree(root, clone)
        (clone / "build" / "compile_commands.json").write_text(commands.replace(str(root), str(clone)))
        wrong += [] if Lint(clone, clone / "build").look_at(str(clone / "a.cpp")) == (False, "") else ["a clone"]
        (root / "b.cpp").write_text("int b();\n")
        again = [Lint(root, build).look_at(str(root / "b.cpp")) for _ in range(2)]
        wrong += [] if again == [(True, "")] * 2 else ["a source without a command"]
        for name in wrong:
            print(f"lint.py: {name}: not as it should be", file=sys.stderr)
        return not wrong


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(0 if self_test() else 1)
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(0 if Lint(pathlib.Path.cwd(), pathlib.Path(sys.argv[1]).resolve()).all(sys.argv[2:]) else 1)
