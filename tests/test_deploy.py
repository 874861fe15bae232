"""The files for those who run the daemon as a service fit the program."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from miner.cli import app
from miner.cli.options import ExitCode
from miner.settings import load

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deploy" / "miner.service"


@pytest.fixture
def service() -> configparser.SectionProxy:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment]
    read.read(UNIT, encoding="utf-8")
    return read["Service"]


def test_the_unit_starts_a_command_that_there_is(service: configparser.SectionProxy) -> None:
    """With flags that there are."""
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "miner"
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0


def test_the_unit_stops_and_reloads_by_the_signals_that_the_daemon_knows(service: configparser.SectionProxy) -> None:
    """The daemon alone is told, and has time to come to a page; what would end the same way again is not restarted."""
    assert service["ExecReload"].startswith("/bin/kill -HUP")
    assert service["KillMode"] == "mixed"
    assert "KillSignal" not in service
    assert int(service["TimeoutStopSec"]) >= 60
    assert set(service["RestartPreventExitStatus"].split()) == {str(ExitCode.USAGE), str(ExitCode.BUSY)}


def test_the_unit_holds_no_secret_and_no_root(service: configparser.SectionProxy) -> None:
    """Secrets come from a file."""
    assert service["User"] == "miner"
    assert "TOKEN" not in str(dict(service)).upper().replace("MINER_GITHUB__TOKENS=", "")
    assert service["EnvironmentFile"].startswith("-/etc/")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Each key is one that it knows."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/miner/bin/miner", "/bin/true")
    (tmp_path / "miner.service").write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", tmp_path / "miner.service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Unknown" not in done.stderr


def compose_command() -> list[str] | None:
    """Give how Docker Compose is called here, if it is."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and not subprocess.run([*command, "version"], capture_output=True).returncode:
            return command
    return None


def test_compose_takes_its_file() -> None:
    """Each key is one that it knows, with the anchors resolved; without a password it says that one is missing."""
    command = compose_command()
    if command is None:
        pytest.skip("there is no Docker Compose here")
    clean = {name: value for name, value in os.environ.items() if name != "POSTGRES_PASSWORD"}
    for environ, code in ((clean | {"POSTGRES_PASSWORD": "x"}, 0), (clean, 1)):
        words = [*command, "--file", str(ROOT / "compose.yaml"), "--profile", "daemon", "config"]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
        assert min(done.returncode, 1) == code, done.stderr
    assert "POSTGRES_PASSWORD" in done.stderr


def composed() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return read


def test_compose_runs_the_daemon_on_request_only() -> None:
    """With the database and the volume of collects; what it serves is reachable from this host alone."""
    daemon, miner = (composed()["services"][name] for name in ("daemon", "miner"))
    port = load(environ={}).daemon.port
    assert (daemon["profiles"], daemon["command"]) == (["daemon"], ["daemon"])
    assert daemon["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"127.0.0.1:{port}/healthz" in " ".join(daemon["healthcheck"]["test"])
    assert daemon["environment"].items() >= miner["environment"].items()
    assert (daemon["volumes"], daemon["depends_on"]) == (miner["volumes"], miner["depends_on"])


def test_compose_sets_settings_that_there_are() -> None:
    """A variable with a wrong name would be an error at the first start."""
    for name in ("daemon", "miner"):
        environ = {
            key: "" if "$" in value else value for key, value in composed()["services"][name]["environment"].items()
        }
        assert load(environ=environ).database.url.startswith("postgresql://")


def test_prometheus_asks_the_port_of_the_settings() -> None:
    """And reads the alerts beside it."""
    read = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text(encoding="utf-8"))
    (scrape,) = read["scrape_configs"]
    assert scrape["static_configs"] == [{"targets": [f"127.0.0.1:{load(environ={}).daemon.port}"]}]
    assert all((ROOT / "deploy" / name).is_file() for name in read["rule_files"])
    assert f'up{{job="{scrape["job_name"]}"}}' in (ROOT / "deploy" / "alerts.yml").read_text(encoding="utf-8")
