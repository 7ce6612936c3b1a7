"""What must not stand in the tree: paths of one machine, and hosts nobody decided on.

A path of the machine something was written on is dead on every other. A URL is a promise that the
reader may go there: new hosts are added to HOSTS by hand.
"""

import re

import tree

# Spelt with a class of one letter, so that this file does not find itself.
PATHS = re.compile(r"(?<![\w.~-])/(wor[k]|far[m]|tmp/w[t])/|/root/\.pyen[v]|/home/(?!user\b|alice\b|bob\b)[a-z]+/")
URL = re.compile(r"\bhttps?://(\[[0-9a-fA-F:.]+\]|[^/\s\"'`<>()\\:,?]+)")
HOSTS = {
    # Ourselves, as tests and documents call us.
    "127.0.0.1",
    "[::1]",
    "localhost",
    "example.com",
    "example.org",
    # Names that are resolved by nobody.
    "plimsoll",
    "host",
    "HOST",
    "exporter",
    # Where facts come from.
    "docs.docker.com",
    "docs.kernel.org",
    "github.com",
    "man7.org",
    "opencontainers.org",
    "prometheus.io",
    "www.apache.org",
    "www.kernel.org",
    "www.rfc-editor.org",
    "www.unicode.org",
    "www.w3.org",
}
VARIABLE = re.compile(r"[$%{]")  # http://$address, http://{host}, http://%s


def problems_of(path, text):
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        for match in PATHS.finditer(line):
            problems.append(f"{path}:{number}: path of one machine: {match.group(0)}")
        for match in URL.finditer(line):
            host = match.group(1).rstrip(".;")
            if host and host not in HOSTS and not VARIABLE.search(host):
                problems.append(f"{path}:{number}: unknown host in a URL: {host}")
    return problems


# Recorded trees and fuzz inputs are other people's words.
def is_recorded(path):
    return "/fixtures/" in path or "/corpus/" in path or "/corpora/" in path


def main():
    paths = [path for path in tree.files() if not is_recorded(path) and path != "LICENSE"]
    problems = [problem for path in paths for problem in problems_of(path, tree.read(path))]
    tree.finish("words", problems, len(paths))


if __name__ == "__main__":
    main()
