#!/usr/bin/env python3
"""The rules of the house, checked on the lines of the sources.

    tidy.py ROOT          every rule on the tree; exit 1 and one line a violation
    tidy.py --self-test   plants violations and demands that each is caught

What is pure opens no socket, starts no thread, reads no clock and draws no randomness; which room may
see which is the layering (docs/architecture.md). For these rules comments and string literals are not
looked at, but for the paths in include lines. Of comments one thing is asked: machines are not persons
(docs/decisions/0019-words.md).
"""
import pathlib
import re
import sys
import tempfile

ROOMS = ("common", "registry", "node", "client", "local", "demo", "kvctl", "examples")
# Which room may include files of which. Tests may include every room.
MAY_INCLUDE = {
    "common": {"common"},
    "registry": {"common", "registry"},
    "node": {"common", "node"},
    "client": {"common", "client"},
    "local": {"common", "registry", "node", "client", "local"},
    "demo": {"common", "registry", "node", "demo"},
    "kvctl": {"kvctl"},
    "examples": {"examples"},
}
# They see only public headers of the others, <ringkv/...>.
PUBLIC_HEADERS_ONLY = ("kvctl", "examples")
# Within a room: a folder -> the folders of that room that it may include.
FOLDERS = {
    "common/edge/system": ("common/edge/system", "common"),
    "common/edge/codec": ("common/edge/codec", "common"),
    "common/edge/configuration": ("common/edge/configuration", "common/edge/system", "common"),
    "common/edge/transport": (
        "common/edge/transport", "common/edge/codec", "common/edge/configuration", "common/edge/system", "common"),
    "common/edge/running": (
        "common/edge/running", "common/edge/transport", "common/edge/system", "common/metrics", "common"),
    "common/edge/http": ("common/edge/http", "common/edge/configuration", "common/edge/system", "common"),
    "common/edge/observing": (
        "common/edge/observing", "common/edge/http", "common/edge/running", "common/edge/transport",
        "common/edge/system", "common/metrics", "common"),
    "common/metrics": ("common/metrics", "common"),
    "common/edge/program": (
        "common/edge/program", "common/edge/configuration", "common/edge/system", "common"),
    "common/placement": ("common/placement", "common"),
    "common": ("common",),
    "tests/world": ("tests/world",),
    "tests/compatibility": ("tests/compatibility", "tests/world"),
    "tests/scenarios": ("tests/scenarios", "tests/world"),
    "tests/simulation": ("tests/simulation", "tests/world", "tests/linearizability"),
}
# A third-party library, by its headers -> the only files that may name it. None = any edge file.
LIBRARIES = {
    "zmq": (r"zmq(\.h|\.hpp|_addon\.hpp)$", r"common/edge/transport/[^/]*$"),
    "msgpack": (r"msgpack(\.hpp|\.h|/.*)$", r"common/edge/codec/[^/]*$"),
    "yaml-cpp": (r"yaml-cpp/", r"common/edge/configuration/yaml[^/]*$"),
    "spdlog": (r"spdlog/", r"common/edge/system/log[^/]*$"),
    "sqlite3": (r"sqlite3\.h$", r"registry/edge/[^/]*(store|sqlite)[^/]*$"),
    "rocksdb": (r"rocksdb/", r"node/edge/rocksdb/[^/]*$"),
    "CLI11": (r"CLI/", r"(.*/main\.cpp|kvctl/[^/]*|common/edge/program/[^/]*)$"),
    "libedit": (r"(histedit\.h|editline/)", r"kvctl/shell/line_editor\.cpp$"),
    "Boost": (r"boost/", r"common/edge/http/http_server\.cpp$"),
}
PURE_BANS = (
    (r"^\s*#\s*include\s*<(thread|mutex|shared_mutex|random|condition_variable|future|atomic|semaphore|latch|barrier|"
     r"stop_token|pthread\.h|ctime|time\.h|sys/.*|unistd\.h|unordered_map|unordered_set|iostream|fstream)>", "the header <{0}>"),
    (r"\bstd::chrono::(\w+_clock)\b", "the clock {0}"),
    (r"\b(clock_gettime|gettimeofday|boot_time|random_u64|random_uuid)\b", "the call {0}"),
    (r"\bstd::(random_device|mt19937\w*)\b", "{0}"),
    (r"(?<![\w.>])(s?rand)\s*\(", "the call {0}()"),
    (r"(?<![\w.>])(time)\s*\(\s*(?:nullptr|NULL|0)\s*\)", "the call {0}()"),
    (r"\bstd::(unordered_\w+)\b", "std::{0}: its order is not fixed"),
    (r"\bstd::(thread|jthread|mutex|shared_mutex|recursive_mutex|atomic|future|promise|async)\b", "std::{0}"),
    (r"\b(thread_local)\b", "{0}"),
)
# A node, a process, a connection or a message is not a person.
PERSONS = re.compile(r"\b(who|whom|whoever|somebody|nobody|anybody|everybody|he|him|his|she|her)\b", re.IGNORECASE)
LONGEST_FILE = 600
LONG_FILE = 400
MACHINE_PATHS = re.compile(r"/work/|/tmp/build")


# Comments and literals.
TOKENS = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z_])\'(?:\\.|[^\'\\\n])*\''


def without_comments_and_strings(text):
    """The same lines, with comments and the insides of literals blanked; include lines are kept."""

    def blank(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]

    lines = text.split("\n")
    kept = {i: line for i, line in enumerate(lines) if re.match(r"\s*#\s*include", line)}
    result = re.sub(TOKENS, blank, text, flags=re.S).split("\n")
    for i, line in kept.items():
        # An include inside of a comment block is blank already.
        if result[i].strip():
            result[i] = line
    return result


def comments(text):
    """Every line of every comment, as (line number, text); what looks like one inside of a literal is none."""
    for match in re.finditer(TOKENS, text, flags=re.S):
        if match.group(0).startswith("/"):
            first = text.count("\n", 0, match.start()) + 1
            yield from enumerate(match.group(0).split("\n"), first)


def check_comments(path, text):
    if room_of(path) is None and not path.startswith("tests/"):
        return
    for number, comment in comments(text):
        match = PERSONS.search(comment)
        if match:
            yield number, f"a comment says {match.group(1)}: name the node, process or call that is meant"


def room_of(path):
    first = path.split("/")[0]
    return first if first in ROOMS else None


def is_edge(path):
    return "/edge/" in path or path.endswith("/main.cpp") or path.startswith(("kvctl/", "local/", "demo/", "examples/"))


def included(line):
    match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
    return match.group(1) if match else None


def room_of_include(path):
    """The room that an include line leads into; public headers are <ringkv/...>."""
    public = {
        "ringkv/result.hpp": "common",
        "ringkv/version.hpp": "common",
        "ringkv/exit_code.hpp": "common",
        "ringkv/client.hpp": "client",
        "ringkv/admin.hpp": "client",
        "ringkv/local_cluster.hpp": "local",
        "ringkv/log_file.hpp": "node",
        "ringkv/demo.hpp": "demo",
    }
    return public.get(path) or (room_of(path) if "/" in path else None)


def folder_of(path):
    """The innermost folder that FOLDERS names."""
    parents = [parent.as_posix() for parent in pathlib.PurePosixPath(path).parents]
    return next((parent for parent in parents if parent in FOLDERS), None)


def check_include(path, header):
    room, target = room_of(path), room_of_include(header)
    is_public = room in PUBLIC_HEADERS_ONLY and header.startswith("ringkv/")
    if room and target and target not in MAY_INCLUDE[room] and not is_public:
        yield f"{room}/ includes {header}, of another room"
    folder, included_folder = folder_of(path), folder_of(header)
    same_top = folder and included_folder and folder.split("/")[0] == included_folder.split("/")[0]
    if same_top and included_folder not in FOLDERS[folder]:
        yield f"{folder}/ includes {header}, of a folder that stands above it"
    if room and not is_edge(path) and "/edge/" in header:
        yield f"a pure file includes {header}, of an edge"
    for library, (pattern, allowed) in LIBRARIES.items():
        if not re.match(pattern, header):
            continue
        if "/include/ringkv/" in path:
            yield f"a public header includes {library}"
        elif room and not is_edge(path):
            yield f"a pure file includes {library}"
        elif room and allowed and not re.match(allowed, path):
            yield f"{library} is named in a file whose job it is not"


def check_file(path, text):
    """All violations of one file, as (line number, what)."""
    lines = text.split("\n")
    count = len(lines) - (lines[-1] == "")
    if count > LONGEST_FILE:
        yield count, f"{count} lines; at most {LONGEST_FILE}, better {LONG_FILE}"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATHS.search(line) and not path.startswith("tests/tidy/"):
            yield number, "names a path of one machine"
    if not path.endswith((".hpp", ".cpp", ".h")):
        return
    pure = room_of(path) is not None and not is_edge(path) and "/include/ringkv/client" not in path
    if path.endswith(".hpp") and "#pragma once" not in lines:
        yield 1, "a header without #pragma once"
    yield from check_comments(path, text)
    for number, line in enumerate(without_comments_and_strings(text), 1):
        header = included(line)
        if header:
            for what in check_include(path, header):
                yield number, what
        if not pure:
            continue
        for pattern, name in PURE_BANS:
            match = re.search(pattern, line)
            if match:
                yield number, f"a pure file names {name.format(match.group(1))}"


def files_of(root):
    yield from sorted(root.glob("*.md"))
    for folder in (*ROOMS, "tests", "scripts", "configs", "docs", "cmake"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in (".hpp", ".cpp", ".h", ".py", ".sh", ".cmake", ".txt", ".md", ".yaml", ""):
                yield path


def names_of_types(path, text):
    """The types that a header of ours defines in namespace ringkv itself, outside of any inner one."""
    lines = without_comments_and_strings(text)
    if not any(re.match(r"namespace ringkv \{", line) for line in lines):
        return
    inner = 0
    for line in lines:
        if re.match(r"namespace (?!ringkv \{)[\w:]* ?\{", line):
            inner += 1
        elif line.startswith("}") and inner:
            inner -= 1
        match = re.match(r"(?:class|struct|enum class|using) (\w+)(?: final)?\s*(?:[:={].*)?$", line)
        if match and not inner:
            yield match.group(1)


def check_names(headers):
    """Two rooms that define one name end in one program (tests, local/) that does not know which is meant."""
    owners = {}
    for path, text in headers:
        for name in names_of_types(path, text):
            owner = owners.setdefault(name, path)
            if room_of(owner) != room_of(path):
                yield f"{path}: {name} is also defined in {owner}; put one of them into a namespace of its room"


def check_tree(root):
    violations, warnings, headers = [], [], []
    for path in files_of(root):
        name = path.relative_to(root).as_posix()
        if "__pycache__" in name:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".md" or name.startswith("tests/scenarios/") and path.suffix == ".txt":
            found = [v for v in check_file(name, text) if "lines; at most" not in v[1]]
        else:
            found = list(check_file(name, text))
        violations += [f"{name}:{number}: {what}" for number, what in found]
        if room_of(name) and path.suffix == ".hpp":
            headers.append((name, text))
        if path.suffix in (".hpp", ".cpp") and LONG_FILE < text.count("\n") <= LONGEST_FILE:
            warnings.append(f"{name}: {text.count(chr(10))} lines; better at most {LONG_FILE}")
    violations += check_names(headers)
    return violations, warnings


# ---------------------------------------------------------------- the test of the test

H = "#pragma once\n"
PLANTED = [  # (path, text, a part of what must be said)
    ("node/replica.cpp", "#include <zmq.hpp>\n", "pure file includes zmq"),
    ("node/replica.hpp", H + "#include <msgpack.hpp>\n", "pure file includes msgpack"),
    ("common/ring.cpp", "#include <yaml-cpp/yaml.h>\n", "pure file includes yaml-cpp"),
    ("registry/views.cpp", "#include <spdlog/spdlog.h>\n", "pure file includes spdlog"),
    ("registry/views.cpp", "#include <sqlite3.h>\n", "pure file includes sqlite3"),
    ("node/engine.cpp", "#include <rocksdb/db.h>\n", "pure file includes rocksdb"),
    ("node/engine.cpp", "#include <CLI/CLI.hpp>\n", "pure file includes CLI11"),
    ("node/engine.cpp", "#include <boost/asio.hpp>\n", "pure file includes Boost"),
    ("node/edge/main.cpp", "#include <boost/asio.hpp>\n", "Boost is named in a file whose job it is not"),
    ("common/edge/http/a.cpp", '#include "common/edge/observing/pages.hpp"\n', "stands above it"),
    ("node/replica.cpp", '#include "registry/views.hpp"\n', "of another room"),
    ("registry/views.cpp", '#include "client/tracker.hpp"\n', "of another room"),
    ("client/tracker.cpp", '#include "node/shard.hpp"\n', "of another room"),
    ("client/tracker.cpp", '  #  include "node/shard.hpp"\n', "of another room"),
    ("common/ring.cpp", '#include "node/shard.hpp"\n', "of another room"),
    ("common/ring.cpp", "#include <ringkv/client.hpp>\n", "of another room"),
    ("node/edge/main.cpp", '#include "client/client_actor.hpp"\n', "of another room"),
    ("node/replica.cpp", '#include "common/edge/system/clock.hpp"\n', "of an edge"),
    ("node/replica.cpp", '#include "node/edge/disk_log.hpp"\n', "of an edge"),
    ("node/replica.cpp", "#include <thread>\n", "<thread>"),
    ("node/replica.cpp", "#include <mutex>\n", "<mutex>"),
    ("node/replica.cpp", "#include <atomic>\n", "<atomic>"),
    ("node/replica.cpp", "#include <random>\n", "<random>"),
    ("node/replica.cpp", "#include <condition_variable>\n", "<condition_variable>"),
    ("node/replica.cpp", "#include <future>\n", "<future>"),
    ("node/replica.cpp", "#include <unordered_map>\n", "<unordered_map>"),
    ("node/replica.cpp", "auto t = std::chrono::steady_clock::now();\n", "steady_clock"),
    ("node/replica.cpp", "auto t = std::chrono::system_clock::now();\n", "system_clock"),
    ("node/replica.cpp", "clock_gettime(CLOCK_BOOTTIME, &t);\n", "clock_gettime"),
    ("node/replica.cpp", "std::random_device device;\n", "random_device"),
    ("node/replica.cpp", "int x = rand();\n", "rand()"),
    ("node/replica.cpp", "int x = std::rand();\n", "rand()"),
    ("node/replica.cpp", "auto t = time(nullptr);\n", "time()"),
    ("node/replica.hpp", H + "std::unordered_map<int, int> map;\n", "unordered_map"),
    ("node/replica.hpp", H + "std::mutex lock;\n", "std::mutex"),
    ("node/replica.hpp", H + "static thread_local int x;\n", "thread_local"),
    ("common/edge/configuration/yaml.cpp", "#include <zmq.h>\n", "job it is not"),
    ("common/edge/transport/transport.cpp", "#include <msgpack.hpp>\n", "job it is not"),
    ("node/edge/main.cpp", "#include <yaml-cpp/yaml.h>\n", "job it is not"),
    ("client/edge/client.cpp", "#include <spdlog/spdlog.h>\n", "job it is not"),
    ("node/edge/disk_log.cpp", "#include <sqlite3.h>\n", "job it is not"),
    ("kvctl/commands/keys.cpp", '#include "common/messages.hpp"\n', "of another room"),
    ("kvctl/main.cpp", '#include "client/edge/runtime.hpp"\n', "of another room"),
    ("examples/counter.cpp", '#include "client/operation.hpp"\n', "of another room"),
    ("local/core.cpp", '#include "kvctl/context.hpp"\n', "of another room"),
    ("common/cluster_map.cpp", '#include "common/placement/placement.hpp"\n', "stands above"),
    ("common/edge/codec/codec.cpp", '#include "common/edge/transport/transport.hpp"\n', "stands above"),
    ("common/edge/transport/outbox.cpp", '#include "common/edge/running/event_loop.hpp"\n', "stands above"),
    ("common/edge/program/stop_signals.cpp", '#include "common/edge/running/event_loop.hpp"\n', "stands above"),
    ("common/edge/running/event_loop.cpp", "#include <CLI/CLI.hpp>\n", "job it is not"),
    ("tests/world/world.cpp", '#include "tests/simulation/oracle.hpp"\n', "stands above"),
    ("tests/scenarios/runner/main.cpp", '#include "tests/simulation/oracle.hpp"\n', "stands above"),
    ("client/include/ringkv/client.hpp", H + "#include <zmq.hpp>\n", "public header includes zmq"),
    ("common/include/ringkv/result.hpp", H + "#include <msgpack.hpp>\n", "public header includes msgpack"),
    ("node/replica.hpp", "class Replica;\n", "#pragma once"),
    ("node/replica.cpp", "int x;\n" * (LONGEST_FILE + 1), "at most"),
    ("scripts/setup", "cd /work/" + "main\n", "path of one machine"),
    ("registry/views.cpp", "int x;  // Who should not be there any more leaves by plan.\n", "comment says Who"),
    ("local/core.hpp", H + "/* a\n   nobody waits */\n", "comment says nobody"),
    ("client/contacts.hpp", H + "// mostly he is heard next as well\n", "comment says he"),
]
ALLOWED = [
    ("node/replica.cpp", "// std::mutex and rand() are for others; #include <zmq.hpp>\n"),
    ("node/replica.cpp", '/* a\n#include <thread>\n*/ const char* s = "std::mutex rand()";\n'),
    ("node/replica.cpp", '#include "common/actor.hpp"\n#include "node/log_suffix.hpp"\n#include <chrono>\n'),
    ("node/replica.cpp", "const Time time() const; lease.time(now); std::chrono::nanoseconds d; int n = 1'000'000;\n"),
    ("common/edge/transport/transport.cpp", "#include <zmq.hpp>\n#include <thread>\n"),
    ("common/edge/codec/codec.cpp", "#include <msgpack.hpp>\n"),
    ("registry/edge/store.cpp", "#include <sqlite3.h>\n"),
    ("node/edge/main.cpp", '#include <CLI/CLI.hpp>\n#include "node/shard.hpp"\n'),
    ("kvctl/commands/local.cpp", '#include "ringkv/local_cluster.hpp"\n#include "kvctl/context.hpp"\n'),
    ("examples/counter.cpp", "#include <ringkv/client.hpp>\n#include <thread>\n"),
    ("tests/world/world_test.cpp", '#include "node/shard.hpp"\n#include "client/client_actor.hpp"\n'),
    ("node/replica.cpp", "int x;\n" * LONGEST_FILE),
    ("registry/views.cpp", 'const char* s = "// who";  // the nodes whose turn it is\nint nobody = 1;\n'),
]


def self_test():
    failures = []
    for path, text, expected in PLANTED:
        found = [what for _, what in check_file(path, text)]
        if not any(expected in what for what in found):
            failures.append(f"not caught in {path}: {text.splitlines()[-1]!r} (found {found})")
    for path, text in ALLOWED:
        for number, what in check_file(path, text):
            failures.append(f"wrongly reported: {path}:{number}: {what}")
    same = "namespace ringkv {\nstruct Request {\n    int x;\n};\n}\n"
    if not list(check_names([("node/a.hpp", same), ("client/b.hpp", same)])):
        failures.append("not caught: one name in two rooms")
    own = same.replace("namespace ringkv {", "namespace ringkv {\nnamespace client {").replace("}\n}", "}\n}\n}")
    for names in check_names([("node/a.hpp", same), ("client/b.hpp", own), ("node/c.hpp", same)]):
        failures.append(f"wrongly reported: {names}")
    with tempfile.TemporaryDirectory() as folder:  # and through the whole way, on files
        root = pathlib.Path(folder)
        (root / "node").mkdir()
        (root / "node/bad.cpp").write_text("#include <zmq.hpp>\n")
        (root / "node/good.cpp").write_text("#include <vector>\n")
        violations, _ = check_tree(root)
        if violations != ["node/bad.cpp:1: a pure file includes zmq"]:
            failures.append(f"on files: {violations}")
    for failure in failures:
        print(failure)
    print(f"{len(PLANTED)} planted violations, {len(ALLOWED)} allowed files, {len(failures)} failures")
    return 1 if failures else 0


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    if sys.argv[1] == "--self-test":
        return self_test()
    root = pathlib.Path(sys.argv[1])
    if not any(files_of(root)):
        print(f"no sources under {root}")
        return 1
    violations, warnings = check_tree(root)
    for warning in warnings:
        print(f"warning: {warning}")
    for violation in violations:
        print(violation)
    print(f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
