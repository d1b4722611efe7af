#!/usr/bin/env python3
"""The rules for documents, checked on the tree.

    documents.py ROOT          every rule; exit 1 and one line a violation
    documents.py --self-test   plants violations and demands that each is caught

1. Every relative link of every Markdown file leads to a file or folder, and its #anchor to a heading there.
2. docs/README.md links every docs/*.md and docs/decisions/*.md.
3. Every folder with sources has a README.md, or a README.md above it or docs/architecture.md names it: `folder/`.
4. The version in CMakeLists.txt has its section in CHANGELOG.md, and every find_package(ringkv X.Y) agrees with it.
"""
import pathlib
import re
import sys
import tempfile

NOT_OURS = {"build", "__pycache__"}
LINK = re.compile(r"\[[^\]\n]*\]\(([^()\s]+)\)")


def files_of(root):
    """Every file that may be ours: not what is built, not what is hidden (but for .github)."""
    for path in sorted(root.iterdir()):
        if path.name in NOT_OURS or path.name.startswith(".") and path.name != ".github":
            continue
        if path.is_dir():
            yield from files_of(path)
        else:
            yield path


def without_code(text):
    """The same lines, with fenced blocks, indented blocks and `code` blanked: what looks like a link there is none."""
    lines, fenced = [], False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        fenced = fenced != fence
        lines.append("" if fenced or fence or line.startswith("    ") else re.sub(r"`[^`]*`", "", line))
    return lines


def anchors_of(path):
    """The anchors that the usual forges make of a file's headings."""
    anchors, fenced = set(), False
    for line in path.read_text(encoding="utf-8").split("\n"):
        fenced = fenced != line.startswith("```")
        heading = re.match(r"#+ +(.*)", line)
        if heading and not fenced:
            anchors.add(re.sub(r"[^\w\- ]", "", heading.group(1).strip().lower()).replace(" ", "-"))
    return anchors


def links_of(path):
    """(line number, target, anchor) of each relative link."""
    for number, line in enumerate(without_code(path.read_text(encoding="utf-8")), 1):
        for target in LINK.findall(line):
            if not re.match(r"[a-z]+:", target):
                file, _, anchor = target.partition("#")
                yield number, file, anchor


def check_links(root, documents):
    for path in documents:
        for number, file, anchor in links_of(path):
            target = (path.parent / file).resolve() if file else path
            where = f"{path.relative_to(root).as_posix()}:{number}"
            if not target.exists():
                yield f"{where}: a link to {file}, which is not there"
            elif anchor and target.suffix == ".md" and anchor not in anchors_of(target):
                yield f"{where}: {file or 'this file'} has no heading #{anchor}"


def check_index(root):
    docs = root / "docs"
    index = docs / "README.md"
    linked = {(docs / file).resolve() for _, file, _ in links_of(index)} if index.exists() else set()
    for path in sorted([*docs.glob("*.md"), *docs.glob("decisions/*.md")]):
        if path != index and path.resolve() not in linked:
            yield f"docs/README.md: no link to {path.relative_to(docs).as_posix()}"


def check_folders(root, files):
    architecture = root / "docs/architecture.md"
    named = architecture.read_text(encoding="utf-8") if architecture.exists() else ""
    for folder in sorted({path.parent for path in files if path.suffix != ".md"} - {root}):
        if ".github" in folder.parts or (folder / "README.md").exists():
            continue
        above = [parent for parent in folder.parents if parent != root and root in parent.parents]
        texts = [((parent / "README.md"), folder.relative_to(parent)) for parent in above]
        if f"`{folder.relative_to(root).as_posix()}/`" in named:
            continue
        if not any(file.exists() and f"`{name.as_posix()}/`" in file.read_text(encoding="utf-8") for file, name in texts):
            yield f"{folder.relative_to(root).as_posix()}/: no README.md, and none above it names it, nor docs/architecture.md"


def check_version(root, documents):
    cmake = root / "CMakeLists.txt"
    version = re.search(r"project\(ringkv VERSION (\d+\.\d+)(\.\d+)", cmake.read_text(encoding="utf-8"))
    if not version:
        yield "CMakeLists.txt: project() has no VERSION"
        return
    minor, number = version.group(1), version.group(1) + version.group(2)
    changes = root / "CHANGELOG.md"
    if not changes.exists() or f"\n## [{number}]" not in changes.read_text(encoding="utf-8"):
        yield f"CHANGELOG.md: no section for {number}, the version in CMakeLists.txt"
    for path in documents:
        for said in re.findall(r"find_package\(ringkv (\d[\d.]*)", path.read_text(encoding="utf-8")):
            if said != minor:
                yield f"{path.relative_to(root).as_posix()}: find_package(ringkv {said}), but this is {number}"


def check_tree(root):
    root = root.resolve()
    files = list(files_of(root))
    documents = [path for path in files if path.suffix == ".md"]
    return [
        *check_links(root, documents),
        *check_index(root),
        *check_folders(root, files),
        *check_version(root, documents),
    ]


# ---------------------------------------------------------------- the test of the test

RIGHT = {
    "CMakeLists.txt": "project(ringkv VERSION 1.2.3 LANGUAGES CXX)\n",
    "CHANGELOG.md": "# Changes\n\n## [1.2.3]\n",
    "README.md": "[docs](docs/README.md), [a heading](docs/a.md#what-it-is-for-us), [out](https://x.invalid/y)\n"
    "`[no](link.md)`\n\n    [no](link.md)\n\n```\n[no](link.md)\n```\nfind_package(ringkv 1.2 CONFIG)\n",
    "docs/README.md": "[a](a.md) [one](decisions/0001.md)\n",
    "docs/a.md": "# A\n## What it is, for us\n[up](../README.md) [here](#a) [folder](decisions)\n",
    "docs/decisions/0001.md": "# 1\n",
    "docs/architecture.md": "`node/edge/` is main\n",
    "node/README.md": "# node\n`inner/` is inside\n",
    "node/a.cpp": "",
    "node/edge/main.cpp": "",
    "node/inner/b.cpp": "",
    "build/c.cpp": "",
}
RIGHT["docs/README.md"] += "[architecture](architecture.md)\n"
PLANTED = [  # (path, text, a part of what must be said)
    ("docs/a.md", "# A\n## What it is, for us\n[b](b.md)\n", "docs/a.md:3: a link to b.md"),
    ("docs/a.md", "# A\n## What it is for them\n", "README.md:1: docs/a.md has no heading #what-it-is-for-us"),
    ("docs/a.md", "# A\n## What it is, for us\n[here](#b)\n", "docs/a.md:3: this file has no heading #b"),
    ("docs/b.md", "# B\n", "no link to b.md"),
    ("docs/decisions/0002.md", "# 2\n", "no link to decisions/0002.md"),
    ("node/other/c.cpp", "", "node/other/: no README.md"),
    ("client/c.cpp", "", "client/: no README.md"),
    ("node/README.md", "# node\n", "node/inner/: no README.md"),
    ("docs/architecture.md", "node/edge is main\n", "node/edge/: no README.md"),
    ("CHANGELOG.md", "# Changes\n\n## [1.2.2]\n", "no section for 1.2.3"),
    ("node/README.md", "`inner/`: find_package(ringkv 1.1 CONFIG)\n", "find_package(ringkv 1.1), but this is 1.2.3"),
    ("CMakeLists.txt", "project(ringkv LANGUAGES CXX)\n", "has no VERSION"),
]


def violations_with(path=None, text=None):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, content in {**RIGHT, **({path: text} if path else {})}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        return check_tree(root)


def self_test():
    failures = [f"wrongly reported: {what}" for what in violations_with()]
    for path, text, expected in PLANTED:
        found = violations_with(path, text)
        if len(found) != 1 or expected not in found[0]:
            failures.append(f"planted in {path}: {expected!r} expected, but found {found}")
    for failure in failures:
        print(failure)
    print(f"{len(PLANTED)} planted violations, {len(failures)} failures")
    return 1 if failures else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    violations = check_tree(pathlib.Path(sys.argv[1]))
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
