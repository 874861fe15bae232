"""Prints what is known of the archive, and what a rebuild did: tables for a reader, one JSON object for a machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from miner.cli.render import print_table
from miner.console import mask_values, print_warning

if TYPE_CHECKING:
    from datetime import datetime

    from miner.archiving import ArchiveStatus, Pruned, Verified
    from miner.rebuild import Rebuilt, Replayed
    from miner.redacting import Redaction
    from miner.settings import ArchiveSettings

_SHOWN = 5
"""Requests that are named of a run."""


def print_archive(status: ArchiveStatus, *, as_json: bool) -> None:
    """Print what the archive holds."""
    if as_json:
        _print_json(asdict(status))
        return
    rows = [
        ("place", status.name),
        ("answers", str(status.objects)),
        ("bytes", str(status.bytes)),
        ("runs", str(status.runs)),
        ("runs, pruned", str(status.pruned)),
        ("first run", _minute(status.first)),
        ("last run", _minute(status.last)),
    ]
    print_table(("archive", ""), rows)


def print_pruned(pruned: Pruned, policy: ArchiveSettings, *, as_json: bool) -> None:
    """Print what was deleted."""
    if as_json:
        _print_json(asdict(pruned))
        return
    if not policy.keep_days and not policy.max_bytes:
        typer.echo("nothing is to be deleted: archive.keep_days and archive.max_bytes are 0")
    verb = "would delete" if pruned.dry_run else "deleted"
    for name, run_id in pruned.runs:
        typer.echo(f"{verb} run {run_id} ({name})")
    typer.echo(f"{verb} {len(pruned.runs)} runs, {pruned.objects} answers, {pruned.bytes} bytes")


def print_verified(found: Verified, *, as_json: bool) -> None:
    """Print what is wrong, and how much was looked at."""
    if as_json:
        _print_json(asdict(found))
        return
    for problem in found.problems:
        print_warning("", problem)
    typer.echo(f"{found.objects} answers and {found.runs} runs looked at, {len(found.problems)} problems")


def print_redacted(done: Redaction, *, as_json: bool) -> None:
    """Print in how many answers something was replaced."""
    if as_json:
        _print_json(asdict(done))
        return
    verb = "would be redacted" if done.dry_run else "redacted"
    typer.echo(f"{done.answers} answers looked at, {done.redacted} {verb}")


def print_moved(moved: int, *, as_json: bool) -> None:
    """Print how many answers were moved out of the database."""
    if as_json:
        _print_json({"moved": moved})
    else:
        typer.echo(f"{moved} answers moved into the archive")


def print_rebuilt(found: Rebuilt, *, as_json: bool) -> None:
    """Print what became of each run, and what is not as it was."""
    if as_json:
        _print_json({**asdict(found), "whole": found.is_whole})
        return
    print_table(("run", "command", "was", "is"), [_row(run) for run in found.runs])
    for run in found.runs:
        _warn(run)
    if found.lost:
        print_warning("", f"runs that are not in the archive: {', '.join(map(str, found.lost))}")
    if found.unrecorded:
        numbers = ", ".join(map(str, found.unrecorded))
        print_warning("", f"runs of an older version that kept no record of them, whose rows are missing: {numbers}")
    for first, second in found.overlapping:
        told = f"runs {first} and {second} ran at the same time and were played one after the other"
        print_warning("", f"{told}: numbers of repositories, and which run entered a row first, may differ")


def _row(run: Replayed) -> tuple[str, str, str, str]:
    return (str(run.run_id), run.command, run.recorded_status, run.status)


def _warn(run: Replayed) -> None:
    item = f"run {run.run_id}"
    if run.missing:
        more = f" and {len(run.missing) - _SHOWN} more" if len(run.missing) > _SHOWN else ""
        print_warning(item, f"this version asks what the run did not: {', '.join(run.missing[:_SHOWN])}{more}")
    if run.other_rules:
        told = "it had rules of a user that are not those of classify.rules_dir now, which labelled instead"
        print_warning(item, f"{told}: put the old ones back, or run those that the archive keeps with --archived-rules")
    if run.differs:
        told = "it drew, entered or refused other items or labels than it did then"
        print_warning(item, f"{told}: batches and people's labels in this database are not those of then")
    if run.unknown_settings:
        print_warning(item, f"settings that this version does not know: {', '.join(run.unknown_settings)}")


def _minute(moment: datetime | None) -> str:
    return "none" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(mask_values(value), default=str))
