#!/usr/bin/python3
"""Writes generated/*.json, the dashboards as Grafana reads them, from boards/*.py."""

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
BOARDS = ("fleet", "host", "container", "limits", "runtime", "agent")


def every():
    """The dashboards, by file name."""
    boards = [importlib.import_module(f"boards.{name}").board() for name in BOARDS]
    return {f"{board['uid']}.json": board for board in boards}


def text(board):
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


def main():
    for name, board in every().items():
        (HERE / "generated" / name).write_text(text(board), encoding="utf-8")


if __name__ == "__main__":
    main()
