"""From rounds of figures to rows with a median and a spread. Pure."""
import statistics


def result(row, rounds):
    """-> what is printed of a row, as one dictionary."""
    counted = [each for each in rounds if all(measurement in each for measurement in row.measurements())]
    ours = [each[row.ours][row.figure] for each in counted]
    theirs = [each[row.theirs][row.figure] for each in counted] if row.theirs else None
    ratios = [a / b for a, b in zip(ours, theirs)] if theirs else ours
    ratio = statistics.median(ratios)
    return {
        "name": row.name,
        "ratio": ratio,
        "goal": row.goal,
        "least": row.least,
        "better": row.better,
        "spread": [min(ratios), max(ratios)],
        "best": best(ours, theirs, row),
        "figure": row.figure,
        "ours": statistics.median(ours),
        "theirs": statistics.median(theirs) if theirs else None,
        "ratios": ratios,
        "met": verdict(ratio, row),
    }


def best(ours, theirs, row):
    """The ratio of what each side did in its best round. What else runs on a machine only ever slows a side down, so
    this says more than the median where much else runs."""
    fast = min if row.better == "lower" else max
    return fast(ours) / fast(theirs) if theirs else fast(ours)


def verdict(ratio, row):
    """goal, least, no; None where the row has no goal."""
    def reaches(mark):
        return mark is not None and (ratio >= mark if row.better == "higher" else ratio <= mark)

    if row.goal is None and row.least is None:
        return None
    if reaches(row.goal):
        return "goal"
    return "least" if reaches(row.least) else "no"


def number(value):
    """As short as it is exact enough: 412k, 1.21M, 430, 0.52."""
    if value is None:
        return ""
    if value >= 1e6:
        return f"{value / 1e6:.2f}M"
    if value >= 1e4:
        return f"{value / 1e3:.0f}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def table(results):
    head = ("", "RingKV", "peer", "ratio", "spread", "of best", "goal", "at least", "met")
    lines = [head] + [(
        each["name"], number(each["ours"]), number(each["theirs"]), f"{each['ratio']:.2f}",
        f"{each['spread'][0]:.2f}-{each['spread'][1]:.2f}", f"{each['best']:.2f}",
        mark(each, "goal"), mark(each, "least"), each["met"] or "") for each in results]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column in (0, len(head) - 1) else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


def mark(each, name):
    if each[name] is None:
        return ""
    return (">= " if each["better"] == "higher" else "<= ") + f"{each[name]:g}"


def as_json(results, about):
    return {**about, "rows": results}
