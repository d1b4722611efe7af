"""Files as a source of the program that serves them.

    embed.py OUT FILE...    writes OUT, which defines dashboard_files() (registry/edge/dashboard.hpp)

index.html is at "/", every other file at "/dashboard/NAME". A file that is no UTF-8, or of a type that is not known, is
an error.
"""
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def literal(text):
    """The bytes of the text as one C++ string literal, a source line each."""
    lines = []
    for line in text.splitlines(keepends=True):
        plain = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        lines.append('        "' + "".join(c if " " <= c <= "~" else "".join(f"\\{b:03o}" for b in c.encode()) for c in plain) + '"')
    return "\n".join(lines) or '        ""'


def source_of(files):
    entries = []
    for path in files:
        if path.suffix not in TYPES:
            sys.exit(f"embed.py: {path}: of what type is it? Known are {', '.join(TYPES)}")
        text = path.read_bytes().decode("utf-8")
        at = "/" if path.name == "index.html" else f"/dashboard/{path.name}"
        entries.append(f'    DashboardFile{{"{at}", "{TYPES[path.suffix]}",\n        std::string_view(\n{literal(text)},\n'
                       f"        {len(text.encode())})}},\n")
    return ('#include <array>\n\n#include "registry/edge/dashboard.hpp"\n\nnamespace ringkv::registry {\nnamespace {\n\n'
            "constexpr std::array files{\n" + "".join(entries) + "};\n\n}  // namespace\n\n"
            "std::span<const DashboardFile> dashboard_files() {\n    return files;\n}\n\n}  // namespace ringkv::registry\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[1]).write_text(source_of([pathlib.Path(name) for name in sys.argv[2:]]), encoding="utf-8")
