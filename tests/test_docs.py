"""What the documents say about the command line is true."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from miner.cli import app
from miner.cli.options import ExitCode
from miner.store import schema
from miner.store.session import open_engine

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/decisions.md", "docs/cookbook.md", "compose.yaml"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`(miner [^`\n]+)`")
COMPOSED = re.compile(r"docker compose run --rm (miner [^`\n]+)")
SUBCOMMANDS = {
    "collect",
    "classify",
    "explain",
    "daemon",
    "status",
    "rebuild",
    "archive status",
    "archive verify",
    "archive prune",
    "archive move",
    "archive redact",
    "db upgrade",
    "db current",
    "db check",
    "config show",
    "sql",
    "browse",
    "export tables",
    "export bundle",
    "export swebench",
    "audit",
    "doctor",
    "db backup",
    "db restore",
    "db roles",
    "evaluate bugfix",
    "evaluate patterns",
    "study",
    "label import",
    "label export",
    "label sample",
    "label agreement",
    "label reconcile",
}


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(document: str, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(text_of(document)) if found == language]


def command_lines(document: str) -> Iterator[str]:
    """Give every ``miner ...`` of a document: in shell blocks, in inline code, and as a container's command."""
    for body in blocks(document, "sh") + blocks(document, "console"):
        for line in body.splitlines():
            command = line.removeprefix("$ ")
            if command.startswith("miner "):
                yield command
    outside = BLOCK.sub("", text_of(document))
    yield from CODE.findall(outside)
    yield from COMPOSED.findall(outside)


def words_of(command: str) -> list[str]:
    """Give the words of a command line up to a comment or a pipe."""
    words = shlex.split(command, comments=True)[1:]
    return words[: words.index("|")] if "|" in words else words


def help_of(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


ALL = sorted({(document, command) for document in DOCUMENTS for command in command_lines(document)})


@pytest.mark.parametrize(("document", "command"), ALL)
def test_a_documented_command_line_parses(document: str, command: str) -> None:
    """Its commands and flags exist: with --help at its end, a wrong one would be refused before the help."""
    done = CliRunner().invoke(app, [*words_of(command), "--help"])
    assert done.exit_code == 0, f"{document}: {command}: {done.output}"


def test_this_would_notice_a_wrong_flag() -> None:
    """The check above can fail."""
    assert CliRunner().invoke(app, ["collect", "--no-such-flag", "--help"]).exit_code == 2
    assert CliRunner().invoke(app, ["no-such-command", "--help"]).exit_code == 2


def test_the_readme_shows_every_command() -> None:
    """Also the check that the commands of the README were found at all."""
    commands = [words_of(command) for command in command_lines("README.md")]
    shown = {" ".join(words[:size]) for words in commands for size in (1, 2)}
    assert shown >= SUBCOMMANDS


def test_the_readme_names_every_flag_of_collect_and_no_other() -> None:
    """A flag is documented when it is added, and its line goes when it goes."""
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of("collect"))) - {"--help"}
    table = "\n".join(line for line in text_of("README.md").splitlines() if line.startswith("| `--"))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", table)) == flags - {"--config", "--database-url"}
    assert "`--config FILE` and `--database-url URL`" in text_of("README.md")


def test_the_readme_names_every_flag_of_evaluate() -> None:
    """In the paragraph that shows how the command is used."""
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of("evaluate", "bugfix")))
    paragraph = next(part for part in text_of("README.md").split("\n\n") if "takes the columns" in part)
    assert set(re.findall(r"--[a-z][a-z-]+", paragraph)) == flags - {"--config", "--database-url", "--help"}


@pytest.mark.parametrize("name", sorted(name for name in SUBCOMMANDS if name.startswith("label ")))
def test_the_readme_names_every_flag_of_label(name: str) -> None:
    """In its section; those that every command takes are told elsewhere."""
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of(*name.split()))) - {
        "--config",
        "--database-url",
        "--help",
    }
    section = text_of("README.md").partition("## Labels by people")[2].partition("\n## ")[0]
    assert flags <= set(re.findall(r"--[a-z][a-z-]+", section))


def test_the_readme_names_every_flag_of_the_daemon() -> None:
    """In the paragraph that shows how the command is used."""
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of("daemon"))) - {"--help"}
    paragraph = next(
        part for part in text_of("README.md").split("\n\n") if part.startswith("`miner daemon` runs until")
    )
    assert set(re.findall(r"--[a-z][a-z-]+", paragraph)) == flags - {"--config", "--database-url"}


def test_the_readme_names_every_flag_of_study() -> None:
    """In the section that explains what the flags mean."""
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of("study")))
    section = text_of("README.md").partition("## The study")[2].partition("\n## ")[0]
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", section)) == flags - {"--config", "--database-url", "--help"}


def test_the_readme_lists_the_exit_codes() -> None:
    """The same as in the program and in the help of collect."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", text_of("README.md"), re.MULTILINE)}
    assert listed == {value for name, value in vars(ExitCode).items() if name.isupper()}
    told = re.findall(r"(?:codes: |; )(\d+) ", " ".join(re.sub("[│\n]", " ", help_of("collect")).split()))
    assert {int(code) for code in told} == listed


def test_the_sql_of_the_readme_runs(tmp_path: Path) -> None:
    """On the schema of this version, as it is pasted."""
    schema.upgrade(open_engine(f"sqlite:///{tmp_path}/miner.db"))
    statements = [part for body in blocks("README.md", "sql") for part in body.split(";") if part.strip()]
    with sqlite3.connect(tmp_path / "miner.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    assert len(statements) >= 3


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if name.endswith(".md")])
def test_links_to_files_lead_somewhere(document: str) -> None:
    """A link that is no URL is a path from the document."""
    for target in re.findall(r"\]\(([^)#]+)", text_of(document)):
        if "://" not in target:
            assert ((ROOT / document).parent / target).exists(), target


def test_the_make_targets_of_the_documents_exist() -> None:
    """``make x`` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        assert set(re.findall(r"(?:^|`)make ([a-z]+)", text_of(document), re.MULTILINE)) <= targets, document
