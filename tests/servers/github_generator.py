"""Makes up a GitHub: real git repositories that use the five libraries, with fixes, issues and pull requests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from support.repositories import DAY, RepositoryBuilder

from servers.github_data import Hub, Issue, Pull, Repository

FIRST = int(datetime(2018, 1, 1, tzinfo=UTC).timestamp())
DAYS = 4 * 365
LIBRARIES = ("keras", "tensorflow", "torch", "theano", "caffe")
FIXES = (
    "Fix wrong input shape of the first layer",
    "Fix crash in {library} training when the batch is empty",
    "Bug fix: the loss does not fit the last activation",
    "Correct the learning rate, it made the loss NaN",
    "fix optimizer of {library} model",
)
OTHERS = (
    "Add an example for {library}",
    "Update README",
    "Refactor the training loop",
    "Add a helper for plots",
    "Bump version",
    "Fix typo in the docs",
)
SOURCE = '''\
"""Trains a model."""

import {library}

BATCH = {batch}
RATE = {rate}
SHAPE = ({width},)


def build(layers):
    model = {library}.Model(layers, shape=SHAPE)
    model.compile(loss="{loss}", optimizer="{optimizer}", rate=RATE)
    return model


def train(model, x, y):
    return model.fit(x, y, batch_size=BATCH, epochs={epochs})
'''
CHOICES: dict[str, Sequence[object]] = {
    "batch": (16, 32, 64, 128),
    "rate": (0.1, 0.01, 0.001, 0.0001),
    "width": (784, 32, 20, 10),
    "loss": ("mse", "categorical_crossentropy", "binary_crossentropy"),
    "optimizer": ("sgd", "adam", "rmsprop"),
    "epochs": tuple(range(1, 30)),
}


def generate(count: int, folder: Path, *, seed: int = 1, commits: int = 30) -> Hub:
    """Make so many repositories of about so many commits in a folder, and give the GitHub that has them.

    The same arguments make the same commits. About one commit in three is a fix; some came by a pull request, which
    may close an issue.
    """
    hub = Hub()
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - made up data, not a secret
        _repository(hub, chance, number, folder, commits)
    return hub


def _repository(hub: Hub, chance: random.Random, number: int, folder: Path, commits: int) -> None:
    library = LIBRARIES[number % len(LIBRARIES)]
    owner, name = f"user{number % 7}", f"{library}-project-{number}"
    builder = RepositoryBuilder(folder / owner / f"{name}.git")
    builder.path.parent.mkdir(parents=True, exist_ok=True)
    fixes = _history(builder, chance, library, commits + chance.randint(-5, 5))
    builder.build()
    born = FIRST + chance.randrange(DAYS // 4) * DAY
    made = hub.add_repository(
        owner,
        name,
        path=builder.path,
        id=10_000 + number,
        description=f"Deep learning with {library}",
        topics=(library, "deep-learning") if chance.random() < 0.7 else (),
        stars=int(chance.paretovariate(0.6)) * 5,
        created_at=datetime.fromtimestamp(born, UTC),
        archived=chance.random() < 0.1,
        license="mit" if chance.random() < 0.5 else None,
    )
    _add_pulls(hub, made, chance, [(builder.shas[place], place) for place in fixes])


def _history(builder: RepositoryBuilder, chance: random.Random, library: str, commits: int) -> list[int]:
    """Add commits, and give the places of those that are fixes."""
    values = {name: chance.choice(some) for name, some in CHOICES.items()}
    when = sorted(FIRST + chance.randrange(DAYS * DAY) for _ in range(commits))
    fixes = []
    for place, epoch in enumerate(when):
        fixing = place > 0 and chance.random() < 1 / 3
        message = "Initial commit" if not place else chance.choice(FIXES if fixing else OTHERS).format(library=library)
        files: dict[str, str] = {"README.md": f"Uses {library}.\n\nStep {place}.\n"}
        if fixing or not place:
            changed = chance.choice(sorted(CHOICES))
            values[changed] = chance.choice([one for one in CHOICES[changed] if one != values[changed]])
            files["train.py"] = SOURCE.format(library=library, **values)
        if fixing:
            fixes.append(place)
            message += f"\n\nFixes #{2 * place}" if chance.random() < 0.4 else ""
        builder.commit(message, files, epoch=epoch, parents=[place - 1] if place else [])
    return fixes


def _add_pulls(hub: Hub, made: Repository, chance: random.Random, fixes: list[tuple[str, int]]) -> None:
    """Give each fix an issue, and some a pull request that closes it."""
    for sha, place in fixes:
        label = "bug" if chance.random() < 0.6 else "enhancement"
        hub.add_issue(made.id, Issue(2 * place, f"Training goes wrong after step {place}", (label,)))
        if chance.random() < 0.5:
            pull = Pull(2 * place + 1, f"Fix step {place}", (sha,), made.pushed_at, closes=((made.id, 2 * place),))
            hub.add_pull(made.id, pull)
