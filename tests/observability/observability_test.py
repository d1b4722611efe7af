#!/usr/bin/env python3
"""The files of observability/, checked.

    observability_test.py files      they use no metric that docs/metrics.md does not have; every alert says what to do,
                                     and has a case in which it fires
    observability_test.py promtool   promtool takes them, and the alerts fire as their cases say; exit code 77: there is
                                     no promtool
    observability_test.py self-test  each check of `files` finds what is planted for it
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "observability"
METRIC = re.compile(r"\b((?:ringkv|process)_[a-z_]+)\b")
OF_A_HISTOGRAM = ("_bucket", "_sum", "_count")


def documented(text):
    """-> {name: type} of the tables of docs/metrics.md"""
    return dict(re.findall(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|", text, flags=re.M))


def unknown_metrics(text, known):
    for name in sorted(set(METRIC.findall(text))):
        family = next((name[: -len(ending)] for ending in OF_A_HISTOGRAM if name.endswith(ending)), None)
        if name not in known and known.get(family) != "histogram":
            yield f"there is no metric {name}"


def alerts_of(rules):
    """-> {name: the text of its rule}"""
    parts = re.split(r"^ +- alert: (\w+)\n", rules, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def wrong_alerts(rules, cases):
    for name, text in alerts_of(rules).items():
        for needed in ("expr: ", "severity: ", "summary: ", "description: "):
            if needed not in text:
                yield f"{name} has no {needed.strip(' :')}"
        if f"alertname: {name}, exp_alerts: []" not in cases:
            yield f"{name} is not looked at in the healthy cluster"
        if not re.search(rf"alertname: {name}\n +exp_alerts:\n", cases):
            yield f"{name} has no case in which it fires"


def wrong_dashboard(text, known):
    panels = json.loads(text)["panels"]
    if len({panel["id"] for panel in panels}) != len(panels):
        yield "two panels have one id"
    for panel in panels:
        for target in panel.get("targets", []):
            for problem in unknown_metrics(target["expr"], known):
                yield f"panel '{panel['title']}': {problem}"
            # A counter is of use only as a rate.
            for name in METRIC.findall(target["expr"]):
                if known.get(name) == "counter" and not re.search(rf"(rate|increase)\({name}\b", target["expr"]):
                    yield f"panel '{panel['title']}': {name} is shown as it is"


def problems(rules, cases, dashboard, document):
    known = documented(document)
    if not known:
        return ["docs/metrics.md has no metrics"]
    return [*(f"alerts.yaml: {what}" for what in unknown_metrics(rules, known)), *wrong_alerts(rules, cases),
            *wrong_dashboard(dashboard, known)]


def read():
    paths = (FOLDER / "alerts.yaml", FOLDER / "alerts_test.yaml", FOLDER / "dashboard.json", ROOT / "docs/metrics.md")
    return [path.read_text(encoding="utf-8") for path in paths]


def check_files():
    found = problems(*read())
    for problem in found:
        print(problem)
    print(f"{len(found)} problems")
    return 1 if found else 0


PLANTED = [  # which text, what is replaced, by what, a part of what must be said
    (0, "ringkv_registry_stands_still", "ringkv_registry_stands_stil", "no metric ringkv_registry_stands_stil"),
    (0, "description: ", "descripton: ", "has no description"),
    (1, "alertname: RingkvSlow\n", "alertname: RingkvSlov\n", "RingkvSlow has no case"),
    (1, "alertname: RingkvSlow, exp", "alertname: RingkvSlov, exp", "RingkvSlow is not looked at"),
    (2, "ringkv_keys", "ringkv_keyz", "no metric ringkv_keyz"),
    (2, "rate(ringkv_view_changes_total[1m])", "(ringkv_view_changes_total)", "shown as it is"),
    (3, "| `ringkv_memory_bytes` |", "| ringkv_memory_bytes |", "no metric ringkv_memory_bytes"),
]


def self_test():
    failures = 0
    for index, before, after, expected in PLANTED:
        texts = read()
        assert before in texts[index], before
        texts[index] = texts[index].replace(before, after)
        found = problems(*texts)
        if not any(expected in problem for problem in found):
            failures += 1
            print(f"'{expected}' expected, but found {found}")
    print(f"{len(PLANTED)} planted, {failures} failures")
    return 1 if failures else 0


def promtool(*arguments):
    done = subprocess.run([ROOT / "scripts/promtool", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    print(done.stdout)
    if done.returncode == 77:
        sys.exit(77)
    return done.returncode


def check_with_promtool():
    codes = [promtool("check", "config", str(FOLDER / "prometheus.yaml")),
             promtool("check", "rules", str(FOLDER / "alerts.yaml")),
             promtool("test", "rules", str(FOLDER / "alerts_test.yaml"))]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    modes = {"files": check_files, "promtool": check_with_promtool, "self-test": self_test}
    if len(sys.argv) != 2 or sys.argv[1] not in modes:
        sys.exit(__doc__)
    sys.exit(modes[sys.argv[1]]())
