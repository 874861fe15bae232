"""``miner doctor``: whether everything is there that a collect needs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from miner.cli.options import ConfigOption, DatabaseUrlOption, ExitCode, JsonOption, settings_of

if TYPE_CHECKING:
    from miner.doctor.findings import Finding

_SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "bold red")}


def command(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Look at this machine only; ask no service.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
) -> None:
    """Check tokens, budgets, network, clock, database, disk and git, and say what to do. No secret is shown.

    Exit code 1 if something cannot work, 0 with warnings alone.
    """
    settings = settings_of(context, config, database_url)

    from miner.console import mask_values
    from miner.doctor.examine import examine

    findings = []
    for finding in examine(settings, offline=offline):
        findings.append(finding)
        if not as_json:
            _print(finding)
    bad = any(finding.state == "failure" for finding in findings)
    if as_json:
        values = {"healthy": not bad, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(mask_values(values)))
    raise typer.Exit(ExitCode.ERROR if bad else ExitCode.COMPLETE)


def _print(finding: Finding) -> None:
    from miner.cli.render import print_table
    from miner.console import mask_secrets, printable, stdout

    if not stdout().is_terminal:
        print_table((), [(finding.state, finding.name, finding.said, finding.advice)])
        return
    from rich.text import Text

    sign, style = _SIGNS[finding.state]
    said, advice = mask_secrets(printable(finding.said)), mask_secrets(printable(finding.advice))
    line = Text.assemble((sign, style), " ", (printable(finding.name), "bold"), f": {said}")
    stdout().print(line, soft_wrap=True)
    if advice:
        stdout().print(Text(f"  → {advice}", style="dim"), soft_wrap=True)
