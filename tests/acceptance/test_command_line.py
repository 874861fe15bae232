"""The command line as a process: version, help, settings, wrong usage."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import miner as package

Miner = Callable[..., subprocess.CompletedProcess[str]]

COMMANDS = [
    pytest.param([], id="miner"),
    pytest.param(["collect"], id="collect"),
    pytest.param(["status"], id="status"),
    pytest.param(["evaluate"], id="evaluate"),
    pytest.param(["evaluate", "bugfix"], id="evaluate bugfix"),
    pytest.param(["db"], id="db"),
    pytest.param(["db", "upgrade"], id="db upgrade"),
    pytest.param(["db", "current"], id="db current"),
    pytest.param(["db", "check"], id="db check"),
    pytest.param(["config"], id="config"),
    pytest.param(["config", "show"], id="config show"),
]


def test_version(miner: Miner) -> None:
    """It is the package's."""
    done = miner("--version")
    assert (done.returncode, done.stdout) == (0, f"miner {package.__version__}\n")


@pytest.mark.parametrize("words", COMMANDS)
def test_help(miner: Miner, words: list[str]) -> None:
    """Every command explains itself on standard output."""
    done = miner(*words, "--help")
    assert done.returncode == 0
    assert f"Usage: miner {' '.join(words)}".rstrip() in done.stdout


@pytest.mark.parametrize("words", [p for p in COMMANDS if p.id not in {"db", "config", "evaluate"}])
def test_every_command_takes_the_config_file_and_the_database(miner: Miner, words: list[str]) -> None:
    """--config and --database-url stand on the root and on every command."""
    shown = miner(*words, "--help").stdout
    assert "--config" in shown
    assert "--database-url" in shown


def test_help_says_how_collect_ends(miner: Miner) -> None:
    """The exit codes are documented where the command is."""
    shown = " ".join(miner("collect", "--help").stdout.split())
    for words in ("0 complete", "1 error", "2 wrong usage", "3 partial", "130 interrupted"):
        assert words in shown


def test_config_show_is_the_shipped_file(miner: Miner) -> None:
    """Where nothing else is set, what is printed reads as the defaults."""
    done = miner("config", "show")
    assert done.returncode == 0
    shipped = Path(package.__file__).parents[1] / "config" / "miner.toml"
    assert tomllib.loads(done.stdout) == tomllib.loads(shipped.read_text(encoding="utf-8"))


def test_config_show_can_be_used_as_config_file(miner: Miner, tmp_path: Path) -> None:
    """TOML out, TOML in: also for text that TOML must escape."""
    odd = 'quote " backslash \\ delete \x7f umlaut ü {owner}/{name}'
    first = miner("config", "show", MINER_GITHUB__CLONE_URL=odd)
    (tmp_path / "again.toml").write_text(first.stdout, encoding="utf-8")
    again = miner("config", "show", "--config", "again.toml")
    assert again.stdout == first.stdout
    assert tomllib.loads(again.stdout)["github"]["clone_url"] == odd


def test_config_show_as_json(miner: Miner) -> None:
    """The same values as the TOML."""
    assert json.loads(miner("config", "show", "--json").stdout) == tomllib.loads(miner("config", "show").stdout)


def test_config_show_masks_passwords(miner: Miner) -> None:
    """In both forms, and in the clone address."""
    environ = {
        "MINER_DATABASE__URL": "postgresql://me:hunter2@host/name",
        "MINER_GITHUB__CLONE_URL": "https://hunter2@github.com/{owner}/{name}",
    }
    for form in ([], ["--json"]):
        done = miner("config", "show", *form, **environ)
        assert done.returncode == 0
        assert "hunter2" not in done.stdout + done.stderr
        assert "postgresql://me:***@host/name" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--database-url", "sqlite:///flag.db", "config", "show"], id="before the command"),
        pytest.param(["config", "show", "--database-url", "sqlite:///flag.db"], id="behind the command"),
        pytest.param(
            ["--database-url", "sqlite:///no.db", "config", "show", "--database-url", "sqlite:///flag.db"],
            id="behind wins",
        ),
    ],
)
def test_a_flag_wins_over_environment_and_file(miner: Miner, tmp_path: Path, arguments: list[str]) -> None:
    """--database-url means the same wherever it stands."""
    (tmp_path / "miner.toml").write_text('[database]\nurl = "sqlite:///file.db"\n', encoding="utf-8")
    done = miner(*arguments, MINER_DATABASE__URL="sqlite:///environment.db")
    assert tomllib.loads(done.stdout)["database"]["url"] == "sqlite:///flag.db"


@pytest.mark.parametrize("where", ["before", "behind"])
def test_a_config_file_can_be_named(miner: Miner, tmp_path: Path, where: str) -> None:
    """--config means the same wherever it stands."""
    (tmp_path / "my.toml").write_text("[collect]\nworkers = 7\n", encoding="utf-8")
    words, flag = ["config", "show"], ["--config", "my.toml"]
    done = miner(*(flag + words if where == "before" else words + flag))
    assert tomllib.loads(done.stdout)["collect"]["workers"] == 7


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(["colect"], "colect", id="unknown command"),
        pytest.param(["collect", "--sinse", "2019-01-01"], "--sinse", id="unknown flag"),
        pytest.param(["collect", "--since", "yesterday"], "'yesterday' is not a date", id="word for a date"),
        pytest.param(["collect", "--since", "2019-02-29"], "'2019-02-29' is not a date", id="day that is not"),
        pytest.param(["collect", "--until", "01/02/2019"], "'01/02/2019' is not a date", id="other form of date"),
        pytest.param(
            ["collect", "--since", "2020-01-01", "--until", "2020-01-01"], "must be before", id="empty interval"
        ),
        pytest.param(["collect", "--source", "svn"], "'svn'", id="unknown source"),
        pytest.param(["collect", "--library", "sklearn"], "'sklearn' is not a known library", id="unknown library"),
        pytest.param(["collect", "--limit", "0"], "--limit", id="limit of zero"),
        pytest.param(["collect", "--workers", "-1"], "--workers", id="negative workers"),
        pytest.param(["config", "show", "--config", "none.toml"], "none.toml", id="missing config file"),
    ],
)
def test_wrong_usage_is_exit_code_2(miner: Miner, arguments: list[str], says: str) -> None:
    """What is wrong is said on standard error, without a traceback."""
    done = miner(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unknown_key_is_exit_code_2(miner: Miner) -> None:
    """The error is one line that names the setting."""
    done = miner("status", MINER_DATABASE__ULR="sqlite:///x.db")
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown setting database.ulr")
    assert done.stderr.count("\n") == 1


def test_version_and_help_import_nothing_heavy() -> None:
    """They must answer at once: no database, no settings, no git library is loaded for them."""
    probe = (
        "import sys; from miner.cli import app\n"
        "for words in (['--version'], ['collect', '--help']):\n"
        "    try: app(words)\n"
        "    except SystemExit as end: assert not end.code\n"
        "heavy = {'sqlalchemy', 'alembic', 'miner.settings', 'pydriller', 'git', 'tree_sitter', 'psycopg'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["collect", "--source", "foo"], id="a command"),
        pytest.param(["export", "tables", "--out", "x", "--format", "foo"], id="a command of a group"),
    ],
)
def test_a_wrong_choice_is_told_by_its_name(miner: Miner, words: list[str]) -> None:
    """And by those that there are, without the words of a library."""
    done = miner(*words)
    assert done.returncode == 2
    assert f"Invalid value for '{words[-2]}': 'foo' is not one of '" in done.stderr


def test_an_audit_of_nothing_is_an_error(miner: Miner) -> None:
    """Which goes on where "error: " ends."""
    assert miner("db", "upgrade").returncode == 0
    assert miner("audit").stderr.startswith("error: the ledger has no interval")
