#!/usr/bin/env python3
"""Plants bugs into copies of our sources, for the simulator's own build (docs/testing.md).

    plant.py ROOT OUT BUGS...

Each of BUGS lists deliberate mistakes; every source that one of them touches is written to OUT, under its path, with the
mistake beside the right code, chosen by planted(number) as the simulator runs. OUT/planted_bugs.inc lists them.
The sources themselves know nothing of it. A mistake whose lines are no longer found stops the build.

One bug:

    == name-of-the-bug
    rule: L2
    what: one sentence
    file: node/primary.cpp
    - these lines, whole statements,
    + are replaced by these
    *- this line, for instance a declaration,
    *+ is replaced by this one, in which PLANTED says whether the bug is on

What follows "always:" is no bug, but always so in that build.
"""
import pathlib
import sys


class Hunk:
    def __init__(self, path):
        self.path, self.old, self.new, self.raw = path, [], [], False


def parse(file):
    bugs, hunk = [], None
    for number, line in enumerate(file.read_text().splitlines(), 1):
        bug = bugs[-1] if bugs else None
        if not line.strip() or line.startswith("#"):
            hunk = None
        elif line.strip() == "always:":
            bugs.append({"name": None, "hunks": []})
        elif line.startswith("== "):
            bugs.append({"name": line[3:].strip(), "rule": "", "what": "", "hunks": []})
            path = None
        elif line.startswith(("rule: ", "what: ")):
            bug[line[:4]] = line[6:].strip()
        elif line.startswith("file: "):
            path, hunk = line[6:].strip(), None
        elif line.lstrip("*")[:1] in ("-", "+"):
            sign = line.lstrip("*")[0]
            if hunk is None or (sign == "-" and hunk.new):
                hunk = Hunk(path)
                bug["hunks"].append(hunk)
            hunk.raw = line.startswith("*")
            (hunk.old if sign == "-" else hunk.new).append(line.lstrip("*")[1:].strip())
        else:
            sys.exit(f"plant.py: {file.name}: line {number}: {line}")
    return bugs


def find(lines, wanted, path, name):
    stripped = [line.strip() for line in lines]
    at = [i for i in range(len(lines)) if stripped[i : i + len(wanted)] == wanted]
    if len(at) != 1:
        sys.exit(f"plant.py: {path}: the lines of {name} are there {len(at)} times, not once:\n  " + "\n  ".join(wanted))
    return at[0]


def main():
    root, out, *files = map(pathlib.Path, sys.argv[1:])
    bugs = [bug for file in files for bug in parse(file)]
    sources = {}
    named = [bug for bug in bugs if bug["name"]]
    for bug in bugs:
        chosen = f"::ringkv::planted({named.index(bug) + 1})" if bug["name"] else "true"
        for hunk in bug["hunks"]:
            lines = sources.setdefault(hunk.path, (root / hunk.path).read_text().splitlines())
            at = find(lines, hunk.old, hunk.path, bug["name"])
            if hunk.raw:
                lines[at : at + len(hunk.old)] = [line.replace("PLANTED", chosen) for line in hunk.new]
            else:
                kept = lines[at : at + len(hunk.old)]
                lines[at : at + len(hunk.old)] = [f"if ({chosen}) {{", *hunk.new, "} else {", *kept, "}"]
    for old in out.glob("**/*.[ch]pp"):  # of bugs that are no longer planted there
        if str(old.relative_to(out)) not in sources:
            old.unlink()
    for path, lines in sources.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        body = "\n".join(lines) + "\n"
        head = '#pragma once\n' if path.endswith(".hpp") else ""
        text = f'{head}#include "tests/simulation/planted.hpp"\n{body}'
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
    rows = "".join(f'{{"{bug["name"]}", "{bug["rule"]}", "{bug["what"]}"}},\n' for bug in named)
    table = out / "planted_bugs.inc"
    if not table.exists() or table.read_text() != rows:
        table.write_text(rows)
    print("\n".join(sorted(sources)))


main()
