"""The command line: its words, and the code a command ends with. What a command does is in
commands.py, release_commands.py and keeping.py.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from pipelines import commands, keeping, release_commands
from pipelines.text import plain
from warehouse.code import code_version
from warehouse.errors import HoldfastError

DONE, FAILED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0 done, 2 usage, 3 refused by the gate, 4 another run or publisher, 1 anything else."""
    options = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except HoldfastError as error:
        return _fail(str(error), error.exit_code, options.debug)
    except KeyboardInterrupt:
        return _fail("Stopped. Nothing was published by what was stopped.", FAILED, options.debug)
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except Exception as error:
        said = f"Unexpected {type(error).__name__}: {_first_line(error)}. A defect: --debug shows where it happened."
        return _fail(said, FAILED, options.debug)
    return DONE


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="holdfast", description="A retention warehouse: raw files in, gated daily retention tables out."
    )
    parser.add_argument("--version", action="version", version=f"holdfast {code_version()}")
    words = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], None], told: str) -> argparse.ArgumentParser:
        sub = words.add_parser(name, help=told, description=told)
        sub.set_defaults(command=command)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        return sub

    def add_configured(name: str, command: Callable[[argparse.Namespace], None], told: str) -> argparse.ArgumentParser:
        sub = add(name, command, told)
        sub.add_argument("--config", type=Path, metavar="FILE", help="default: ./holdfast.toml")
        return sub

    def add_which(sub: argparse.ArgumentParser) -> None:
        which = sub.add_mutually_exclusive_group()
        which.add_argument("--release", type=_positive, metavar="N")
        which.add_argument(
            "--as-of", metavar="TIMESTAMP", help="the newest release published by then; a day means its end"
        )

    init = add("init", commands.init, "write a commented holdfast.toml and empty inbox folders")
    init.add_argument("folder", type=Path, metavar="DIR")

    demo = add("demo", commands.demo, "make the raw files of a made-up business, with some dirt and known truth")
    demo.add_argument("folder", type=Path, metavar="DIR")
    demo.add_argument("--customers", type=_positive, metavar="N")
    demo.add_argument("--days", type=_positive, metavar="N")
    demo.add_argument("--seed", type=int, metavar="S")

    run = add_configured("run", commands.run, "take in what is new, compute what it touches, audit, publish")
    run.add_argument("--date", type=_day, metavar="D", help="the last day to compute; default: the last complete day")

    run.add_argument("--retake", action="store_true", help="take again what a rollback held back")

    backfill = add_configured("backfill", commands.backfill, "read files of past days again and restate from there on")
    backfill.add_argument(
        "--from", type=_day, required=True, metavar="A", dest="first", help="restate from this day on"
    )
    backfill.add_argument(
        "--to", type=_day, metavar="B", dest="last", help="read no files of later days; default: today"
    )

    add_configured("releases", release_commands.releases, "list what was published, newest last")

    rollback = add_configured(
        "rollback", release_commands.rollback, "publish the content of an older release as a new one"
    )
    rollback.add_argument("release", type=_positive, metavar="N")

    tag = add_configured("tag", keeping.tag, "name a release, which is then kept for good; default: the newest")
    tag.add_argument("name", metavar="NAME")
    tag.add_argument("release", type=_positive, nargs="?", metavar="N")

    untag = add_configured("untag", keeping.untag, "take a name from its release")
    untag.add_argument("name", metavar="NAME")

    collect = add_configured("collect", keeping.collect, "remove old releases and the files that only they have")
    collect.add_argument("--keep", type=_positive, default=30, metavar="N", help="keep the newest N; default 30")
    collect.add_argument("--days", type=_positive, default=90, metavar="D", help="and those of D days; default 90")
    collect.add_argument(
        "--folders", type=_positive, default=10, metavar="N", help="keep the links of the newest N; default 10"
    )
    diff = add_configured(
        "diff", release_commands.diff, "what two releases say differently, and the source rows behind it"
    )
    diff.add_argument("first", type=_positive, metavar="A")
    diff.add_argument("second", type=_positive, metavar="B")
    diff.add_argument("--table", metavar="T", help="the cells of this table, before and after")
    diff.add_argument("--where", metavar="SQL", help="which rows of it; default: those of segment all")
    diff.add_argument("--last", type=_positive, metavar="N", help="the newest N days that differ; default: all")
    diff.add_argument("--rows", action="store_true", help="the source rows behind these cells, by file and line")

    path = add_configured("path", release_commands.path, "print the folder of a release; default: the newest")
    add_which(path)
    path.add_argument("--files", action="store_true", help="instead: each table and file, as a reader opens it")

    pull = add_configured(
        "pull", release_commands.pull, "make a plain folder of a release, to take away; default: the newest"
    )
    pull.add_argument("folder", type=Path, metavar="DIR")
    add_which(pull)

    show = add_configured("show", commands.show, "print a published table")
    show.add_argument("table", metavar="TABLE")
    show.add_argument("--where", metavar="SQL", help="which rows, for example \"segment = 'country'\"")
    show.add_argument("--last", type=_positive, metavar="N", help="the newest N days; default 1")

    check = add_configured("check", commands.check, "the last audit: what passed, warned, blocked, and why")
    check.add_argument("--page", action="store_true", help="print where its page is, to open in a browser")

    accept = add_configured("accept", commands.accept, "let a finding of the gate pass until a day, with a reason")
    accept.add_argument("check", metavar="CHECK", help="its name, as `holdfast check` shows it")
    accept.add_argument("--reason", required=True, metavar="TEXT", help="shown in every report until then")
    accept.add_argument("--until", type=_day, required=True, metavar="DATE", help="the last day it holds")
    accept.add_argument("--table", metavar="T", help="only of this source or table")
    accept.add_argument("--column", metavar="C", help="only of this column")

    quarantine = add_configured(
        "quarantine", commands.quarantine, "the rows that were set aside, why, and where they come from"
    )
    quarantine.add_argument("source", nargs="?", metavar="SOURCE")

    doctor = add_configured(
        "doctor", commands.doctor, "check configuration, sources, storage and versions; repair what can be"
    )
    doctor.add_argument("--deep", action="store_true", help="read every file of every release again")

    ui = add_configured("ui", commands.ui, "open Dagster's page on 127.0.0.1")
    ui.add_argument("--port", type=_positive, default=3000, metavar="N")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"holdfast: {plain(message)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
