"""The tables of the daemon: when its jobs run next, and how they ended last. Two crawls may differ in all of them."""

from __future__ import annotations

from sqlalchemy import Double, Index, Integer, LargeBinary, Table, Text

from miner.store.columns import PROVENANCE, UtcDateTime, key, metadata, needed, one_of, optional

OUTCOMES = ("running", "complete", "partial", "failed", "interrupted", "busy")

# The job store of APScheduler 3 reads and writes it, and knows its columns by these names.
daemon_job = Table(
    "daemon_job",
    metadata,
    key("id", Text(), "Name of the job, as in the settings."),
    optional("next_run_time", Double(), "When it is due, seconds since 1970; null if it is not scheduled."),
    needed("job_state", LargeBinary(), "APScheduler's own state of the job, a pickle; no settings and no secrets."),
    Index(None, "next_run_time"),
    comment="One row a job that the daemon has scheduled. Only the daemon's role needs access.",
    info=PROVENANCE,
)

daemon_outcome = Table(
    "daemon_outcome",
    metadata,
    key("job", Text(), "Name of the job, as in the settings."),
    needed("kind", Text(), "What it runs: questions, reobserve, discover, fetch, ..."),
    needed(
        "outcome",
        Text(),
        "running (also: was killed), complete, partial, failed, interrupted, or busy: its source was locked.",
    ),
    needed("message", Text(), "What went wrong, in words; empty if nothing did. No secrets."),
    needed("started_at", UtcDateTime(), "When it started."),
    optional("finished_at", UtcDateTime(), "When it ended; null while it runs, or if it was killed."),
    optional("succeeded_at", UtcDateTime(), "When it last ended complete or partial; null if it never did."),
    needed("failures", Integer(), "How often it failed since then."),
    one_of("outcome", OUTCOMES),
    comment="One row a job of the daemon: how it ended last.",
    info=PROVENANCE,
)
