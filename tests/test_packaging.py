"""What a user installs, builds and runs: the wheel, the constraints, make, the image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from miner import __version__

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, cwd: Path = ROOT, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of this process's settings."""
    # make hands what it was called with down in its environment.
    of_make = {"ARGS", "REPO", "SINCE", "MFLAGS"}
    kept = (name for name in os.environ if not name.startswith(("MINER_", "MAKE")) and name not in of_make)
    clean = {name: os.environ[name] for name in kept}
    return subprocess.run(
        command, cwd=cwd, env=clean | environ, capture_output=True, encoding="utf-8", check=False, timeout=300
    )


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as ``make wheel`` does, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    built = run(*pip, "wheel", "--quiet", *offline, "--wheel-dir", folder, ROOT)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel in a fresh environment, which borrows the dependencies of this one but not the package."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python"]
    done = run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    assert done.returncode == 0, done.stderr
    # A path file found through another is not read: the editable install of the package stays out.
    (site,) = folder.glob("lib/python*/site-packages")
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n", encoding="utf-8")
    return folder / "bin"


def test_the_wheel_holds_all_that_is_needed_and_no_more(wheel: Path) -> None:
    """Each file of the package, of config/ and of migrations/ is there; tests and documents are not."""
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = run("git", "ls-files", "miner", "config", "migrations").stdout.split()
    shipped = {name if name.startswith("miner/") else f"miner/_shipped/{name}" for name in tracked}
    if not tracked:
        pytest.skip("not a git checkout")
    assert shipped <= held
    assert all(name.startswith("miner/") for name in held)


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    """Apache-2.0 in the metadata, its text beside it."""
    with zipfile.ZipFile(wheel) as archive:
        info = f"bug_fix_miner-{__version__}.dist-info"
        assert "License-Expression: Apache-2.0" in archive.read(f"{info}/METADATA").decode()
        assert "Apache License" in archive.read(f"{info}/licenses/LICENSE").decode()


def test_an_installed_wheel_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    """The checkout is not what the tests below exercise."""
    where = run(installed / "python", "-c", "import miner; print(miner.__file__)", cwd=tmp_path).stdout.strip()
    assert Path(where).is_relative_to(installed.parent)


def test_an_installed_wheel_works_from_any_folder(installed: Path, tmp_path: Path) -> None:
    """Defaults and migrations come from inside the package."""
    version = run(installed / "miner", "--version", cwd=tmp_path)
    assert version.stdout == f"miner {__version__}\n"
    shown = run(installed / "miner", "config", "show", cwd=tmp_path)
    assert tomllib.loads(shown.stdout)["database"]["url"] == "sqlite:///data/miner.db"
    upgraded = run(installed / "miner", "db", "upgrade", cwd=tmp_path)
    assert upgraded.returncode == 0, upgraded.stderr
    assert (tmp_path / "data" / "miner.db").is_file()
    checked = run(installed / "miner", "db", "check", cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines if line and not line.startswith("#")]
    assert all(pins), "each line is name==version: no URL, no hash, no range"
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def test_constraints_pin_each_dependency_within_its_bounds(project: dict[str, Any]) -> None:
    """What pyproject.toml asks for is pinned to a version that it allows."""
    pins = constraints()
    wanted = [Requirement(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]
    assert [r.name for r in wanted if not r.specifier.contains(pins.get(canonicalize_name(r.name), "0"))] == []


def test_each_dependency_has_a_lower_bound_and_a_reason(project: dict[str, Any]) -> None:
    """docs/decisions.md says of each why it is there."""
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").lower()
    for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]:
        requirement = Requirement(text)
        assert any(bound.operator == ">=" for bound in requirement.specifier), text
        assert f"| {requirement.name.lower()} |" in decisions, text


def test_make_collect_passes_its_variables_on() -> None:
    """SINCE, REPO (several) and ARGS become flags."""
    done = run("make", "--dry-run", "collect", "SINCE=2019-01-01", "REPO=a/b c/d", "ARGS=--limit 5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split() == [
        ".venv/bin/miner",
        *("collect", "--since", "'2019-01-01'", "--repo", "'a/b'", "--repo", "'c/d'", "--limit", "5"),
    ]


def test_make_collect_without_variables_adds_no_flags() -> None:
    """An empty variable is as none."""
    assert run("make", "--dry-run", "collect").stdout.splitlines()[-1].split() == [".venv/bin/miner", "collect"]


@pytest.mark.parametrize(
    ("tools", "says"),
    [(["python3"], "git is missing"), (["git"], "python3 is missing")],
    ids=["no git", "no Python"],
)
def test_make_says_what_to_install(tmp_path: Path, tools: list[str], says: str) -> None:
    """A missing tool is named, with the command that brings it."""
    for tool in ["sh", *tools]:
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    make = shutil.which("make")
    assert make
    done = run(make, "tools", PATH=str(tmp_path))
    assert done.returncode != 0
    assert says in done.stderr
    assert "apt install" in done.stderr


def test_ci_runs_lint_and_then_the_tests() -> None:
    """The closing line of the tests is the last line."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    words = [line.split()[-1] for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("make")]
    assert words == ["lint", "test"]


def dockerfile() -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions and their arguments, continued lines joined, comments left out."""
    text = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def test_the_image_copies_what_there_is_and_what_is_sent() -> None:
    """Every source of a COPY exists and is let through by .dockerignore."""
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [rest.split()[:-1] for word, rest in dockerfile() if word == "COPY" and not rest.startswith("--from")]
    for source in [name for names in copied for name in names]:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignore, source


def test_the_image_is_built_from_what_it_copies(tmp_path: Path) -> None:
    """Nothing that the wheel is made of is missing there: the build's folder holds no more than the COPYs bring."""
    for names in [rest.split() for word, rest in dockerfile() if word == "COPY" and not rest.startswith("--from")]:
        for source in names[:-1]:
            place = tmp_path / names[-1] / ("" if (ROOT / source).is_dir() else Path(source).name)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation"]
    built = run(*pip, "wheel", "--quiet", *offline, "--wheel-dir", tmp_path / "out", ".", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert len(list((tmp_path / "out").glob("*.whl"))) == 1


def test_the_image_runs_without_root_and_is_watched() -> None:
    """Its last user is not root, git is in it, it has a health check, and nothing in it is a secret."""
    instructions = dockerfile()
    last_stage = instructions[max(no for no, (word, _) in enumerate(instructions) if word == "FROM") :]
    assert [rest for word, rest in last_stage if word == "USER"] == ["miner"]
    assert any(" git " in rest for word, rest in last_stage if word == "RUN")
    assert any(word == "HEALTHCHECK" for word, _ in last_stage)
    assert not re.search(r"(?i)password|token|secret", " ".join(rest for _, rest in instructions))


def test_compose_waits_for_postgresql_and_holds_no_password() -> None:
    """The service starts when the database answers; the password comes from the environment."""
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    database, miner = composed["services"]["db"], composed["services"]["miner"]
    assert database["image"].startswith("postgres:16")
    assert database["healthcheck"]["test"][1] == "pg_isready"
    assert miner["depends_on"]["db"]["condition"] == "service_healthy"
    assert miner["environment"]["MINER_DATABASE__URL"].startswith("postgresql://miner@db/")
    for secret in (database["environment"]["POSTGRES_PASSWORD"], miner["environment"]["PGPASSWORD"]):
        assert secret.startswith("${POSTGRES_PASSWORD")
    mounted = {mount.split(":")[0] for service in (database, miner) for mount in service["volumes"]}
    assert mounted == set(composed["volumes"])
