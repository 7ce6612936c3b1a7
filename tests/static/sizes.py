"""Small files: a warning where a reviewer asks for a split, a failure where nobody reads any more."""

import tree

LIMITS = {".cc": (400, 600), ".h": (200, 300), ".py": (400, 600)}  # Suffix -> lines: warn, fail.


def verdicts(sizes):
    """(warnings, failures) for a map from path to lines."""
    warnings, failures = [], []
    for path, lines in sorted(sizes.items()):
        warn, fail = LIMITS["." + path.rsplit(".", 1)[1]]
        if lines > fail:
            failures.append(f"{path}: {lines} lines, more than {fail}: split it by idea")
        elif lines > warn:
            warnings.append(f"warning: {path}: {lines} lines, more than {warn}")
    return warnings, failures


def main():
    sizes = {path: tree.read(path).count("\n") for path in tree.code(tuple(LIMITS))}
    warnings, failures = verdicts(sizes)
    print(*warnings, sep="\n", end="\n" if warnings else "")
    tree.finish("sizes", failures, len(sizes))


if __name__ == "__main__":
    main()
