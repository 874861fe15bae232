"""Builds real git repositories, with any date, any bytes and any shape of history, through ``git fast-import``."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}
START = 1_500_000_000
DAY = 86_400


@dataclass(frozen=True)
class Entry:
    """A tree entry of a mode of its own: a link (120000), an executable (100755) or a submodule's commit (160000)."""

    mode: str
    data: bytes


def git(path: Path, *arguments: str, data: bytes | None = None) -> str:
    """Run git on a repository and give what it prints, stripped."""
    done = subprocess.run(
        ["git", "--git-dir", str(path), *arguments], input=data, capture_output=True, check=True, env=ENVIRONMENT
    )
    return done.stdout.decode("utf-8", "replace").strip()


@dataclass
class RepositoryBuilder:
    """Collects commits; :meth:`build` writes them all into a bare repository at ``path``.

    Each commit lies a day after the one before it unless a date is given.
    """

    path: Path
    branch: str = "main"
    shas: list[str] = field(default_factory=list)
    _script: list[bytes] = field(default_factory=list)
    _marks: int = 0
    _commits: list[int] = field(default_factory=list)

    def commit(
        self,
        message: str | bytes,
        files: Mapping[str, str | bytes | Entry | None],
        *,
        epoch: int | None = None,
        parents: Sequence[int] | None = None,
        branch: str | None = None,
        author: bytes = b"A U Thor <author@example.org>",
        encoding: str = "",
    ) -> int:
        """Add a commit, and give its number. A file of None is deleted. ``parents`` are numbers of earlier commits."""
        blobs = [(name, self._blob(content), content) for name, content in files.items()]
        self._marks += 1
        number, mark = len(self._commits), self._marks
        when = START + number * DAY if epoch is None else epoch
        text = message.encode() if isinstance(message, str) else message
        out = [b"commit refs/heads/%s\nmark :%d\n" % ((branch or self.branch).encode(), mark)]
        out.append(b"author %s %d +0200\ncommitter %s %d +0200\n" % (author, when, author, when))
        if encoding:
            out.append(b"encoding %s\n" % encoding.encode())
        out.append(b"data %d\n%s\n" % (len(text), text))
        for at, parent in enumerate(parents or ()):
            out.append(b"%s :%d\n" % (b"merge" if at else b"from", self._commits[parent]))
        for name, blob, content in blobs:
            out.append(_entry(name, blob, content))
        self._script.append(b"".join(out) + b"\n")
        self._commits.append(mark)
        return number

    def build(self, *, extend: bool = False) -> Path:
        """Write the repository, or the new commits into it, and give its path."""
        if not extend:
            subprocess.run(
                ["git", "init", "-q", "--bare", "-b", self.branch, str(self.path)], check=True, env=ENVIRONMENT
            )
        marks = self.path / "marks"
        git(
            self.path,
            *("fast-import", "--quiet", "--force", "--date-format=raw-permissive"),
            *(f"--import-marks-if-exists={marks}", f"--export-marks={marks}"),
            data=b"".join(self._script),
        )
        self._script.clear()
        known = dict(line.split(" ") for line in marks.read_text().splitlines())
        self.shas = [known[f":{mark}"] for mark in self._commits]
        return self.path

    def loosen(self) -> Path:
        """Make every object a file of its own, so that one can be damaged, and give the repository's path."""
        for pack in (self.path / "objects" / "pack").glob("*.pack"):
            data = pack.read_bytes()
            for file in pack.parent.glob(pack.stem + ".*"):
                file.unlink()
            git(self.path, "unpack-objects", "-q", data=data)
        return self.path

    def object_file(self, name: str) -> Path:
        """Give the file of a loose object."""
        sha = git(self.path, "rev-parse", name)
        return self.path / "objects" / sha[:2] / sha[2:]

    def damage(self, name: str) -> None:
        """Overwrite a loose object with bytes that are no object."""
        file = self.object_file(name)
        file.chmod(0o644)
        file.write_bytes(b"damaged")

    def _blob(self, content: str | bytes | Entry | None) -> int:
        if content is None or (isinstance(content, Entry) and content.mode == "160000"):
            return 0
        data = content.data if isinstance(content, Entry) else content
        data = data.encode() if isinstance(data, str) else data
        self._marks += 1
        self._script.append(b"blob\nmark :%d\ndata %d\n%s\n" % (self._marks, len(data), data))
        return self._marks


def _entry(name: str, blob: int, content: str | bytes | Entry | None) -> bytes:
    path = name.encode()
    if any(character in name for character in '"\n\\') or name.startswith(" "):
        quoted = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        path = b'"' + quoted + b'"'
    if content is None:
        return b"D %s\n" % path
    if isinstance(content, Entry):
        ref = content.data if content.mode == "160000" else b":%d" % blob
        return b"M %s %s %s\n" % (content.mode.encode(), ref, path)
    return b"M 100644 :%d %s\n" % (blob, path)


MODEL = """\
import keras
from keras.layers import Dense, Dropout
from keras.models import Sequential

BATCH = {batch}


def build():
    model = Sequential()
    model.add(Dense({units}, input_shape=({width},), activation='{activation}'))
    model.add(Dense(10, activation='softmax'))
    model.compile(loss='{loss}', optimizer='{optimizer}', metrics=['accuracy'])
    return model


def train(model, x, y):
    model.fit(x, y, batch_size=BATCH, epochs={epochs})
"""

MESSAGES = (
    "Fix crash when the batch is empty",
    "Fix wrong loss for one-hot targets",
    "Add an example",
    "Refactor the training loop",
    "Fix typo in the docs",
    "Correct input shape, closes #{number}",
    "Bug fix: activation of the last layer",
    "Update README",
)


def keras_history(path: Path, commits: int = 60, *, seed: int = 1) -> RepositoryBuilder:
    """Build a history of a Keras project: fixes and other commits, merges, dates out of order and tied."""
    chance = random.Random(seed)  # noqa: S311 - a fixed history, not a secret
    builder = RepositoryBuilder(path)
    for number in range(commits):
        parents = [number - 1] if number else []
        if number > 5 and number % 11 == 0:
            parents = [number - 1, number - 4]
        epoch = START + number * DAY + chance.choice((0, 0, 0, -20 * DAY, 30 * DAY))
        if number % 7 == 0:
            epoch = START + (number // 14) * DAY * 14
        text = MODEL.format(
            batch=chance.choice((16, 32, 64)),
            units=chance.choice((64, 128, 256)),
            width=chance.choice((784, 20, 32)),
            activation=chance.choice(("relu", "tanh")),
            loss=chance.choice(("mse", "categorical_crossentropy", "binary_crossentropy")),
            optimizer=chance.choice(("sgd", "adam", "rmsprop")),
            epochs=chance.randint(1, 50),
        )
        message = MESSAGES[number % len(MESSAGES)].format(number=number)
        files: dict[str, str | bytes | Entry | None] = {f"pkg/model{number % 3}.py": text, "README.md": f"{number}\n"}
        builder.commit(message, files, epoch=epoch, parents=parents)
    builder.build()
    return builder
