"""Remembers what has passed, so that a slow check looks only at what changed.

The key of a file is the hash of its text, of every header of ours it reaches, and of how it was
checked (flags, configuration, tool version). System headers are covered by the tool's version only:
after an upgrade of a library alone, `rm -r build/*-cache` starts afresh.
"""

import hashlib
import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def closure(path, texts):
    """The file and every header of ours it includes, directly or not."""
    seen, todo = set(), [path]
    while todo:
        name = todo.pop()
        if name in seen or name not in texts:
            continue
        seen.add(name)
        todo += INCLUDE.findall(texts[name])
    return seen


class Passed:
    def __init__(self, directory, how):
        self.directory = tree.ROOT / directory
        self.how = how
        self.texts = {name: tree.read(name) for name in tree.code()}

    def key(self, path, flags):
        digest = hashlib.sha256("\0".join([self.how, path, *flags]).encode())
        for name in sorted(closure(path, self.texts)):
            digest.update(f"\0{name}\0{self.texts[name]}".encode())
        return digest.hexdigest()

    def has(self, key):
        return (self.directory / key).exists()

    def add(self, key):
        self.directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.directory, delete=False) as file:
            os.replace(file.name, self.directory / key)  # Complete or not there, also when killed.


def workers():
    return ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1))


def check_all(cache, items, check):
    """`items` are (path, flags); check(path, flags) gives "" or what is wrong. Returns the problems
    and how many items were looked at afresh."""

    def one(item):
        path, flags = item
        key = cache.key(path, flags)
        if cache.has(key):
            return None
        problem = check(path, flags)
        if not problem:
            cache.add(key)
        return problem

    with workers() as pool:
        results = list(pool.map(one, items))
    return [result for result in results if result], sum(result is not None for result in results)
