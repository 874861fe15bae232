"""What to do next in the protocol, in one sentence; "" where there is nothing to say."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from miner.rating.agreement import Agreement
from miner.rating.importing import Imported
from miner.rating.reconciling import Conflict, Reconciled
from miner.rating.sampling import Drawn
from miner.store import ratings as store
from miner.store.ratingtables import RECONCILED


def after_import(imported: Imported) -> str:
    """Say why a file brought nothing, if it is but a sheet that nobody filled."""
    if imported.rows and imported.blank == imported.rows:
        return "no row of it has a label: choose values in the columns of labels, save the sheet, and read it again"
    return ""


def after_sample(drawn: Drawn, sheets: Sequence[Path]) -> str:
    """Say how the batch gets labels."""
    batch = shlex.quote(drawn.batch.batch)
    if not sheets:
        return f"no sheet was written: 'miner label sample {batch} --rater NAME' writes a rater's blind sheet"
    columns = ", ".join(drawn.batch.schemes.split())
    return (
        f"each rater, alone, chooses a value a row ({columns}) and saves the sheet; 'miner label import SHEET' reads "
        f"it, then 'miner label agreement --batch {batch}' compares"
    )


def after_agreement(connection: Connection, found: Agreement, conflicts: int, batch: str | None = None) -> str:
    """Say who is missing where nobody can be compared; else that there is something to reconcile.

    :param batch: the batch whose items alone were compared.
    """
    if any(pair.items for pair in found.pairs):
        to = "'miner label reconcile --to conflicts.xlsx' writes them for a moderator"
        return f"raters differ on {_judgements(conflicts)} that nobody decided: {to}" if conflicts else ""
    if batch is not None and (waiting := _without_labels(connection, batch)):
        return (
            f"{', '.join(waiting)} got a sheet of the batch {batch}, and no label is in yet: fill and save the sheet, "
            "and 'miner label import SHEET --rater NAME' reads it"
        )
    people = [rater for rater in store.raters(connection) if rater != RECONCILED]
    if not people:
        return (
            "nobody has labelled anything: 'miner label sample BATCH --rater NAME' writes a blind sheet, and 'miner "
            "label import SHEET' reads it when it is filled"
        )
    if len(people) == 1:
        return (
            f"{people[0]} alone has labels, of no fix that the rules labelled, or not of what you chose: "
            "'miner label sample BATCH --rater NAME' writes another rater's sheet of the same batch"
        )
    return (
        f"no two of {', '.join(people)} judged in a scheme of what you chose: leave away --scheme, --rater, --set or "
        "--batch, or give them one batch with 'miner label sample BATCH --rater NAME'"
    )


def _without_labels(connection: Connection, batch: str) -> list[str]:
    """Give who was given a sheet of a batch and said nothing of its items."""
    judged = {row.rater for row in store.said(connection, batch=batch)}
    return sorted(store.raters_given(connection, batch) - judged - {RECONCILED})


def after_conflicts(connection: Connection, found: Sequence[Conflict], sheet: Path | None) -> str:
    """Say what a moderator does with them, or why there are none."""
    if found and sheet is not None:
        return (
            "the moderator chooses a value in the column decision and saves the sheet; what reads it is: "
            f"miner label reconcile --from {shlex.quote(str(sheet))} --moderator NAME"
        )
    if found:
        return "'miner label reconcile --to conflicts.xlsx' writes them for a moderator"
    if not store.raters(connection):
        return "no conflict is open, since nobody has labelled anything: see 'miner label sample'"
    written = f"; {sheet} was not written" if sheet is not None else ""
    return f"no conflict is open{written}: 'miner label reconcile --agreed' enters what all raters say alike"


def after_decisions(done: Reconciled) -> str:
    """Say that a sheet holds no decision, or that some are left."""
    if not done.blank:
        return ""
    if not done.added and not done.unchanged:
        return "no row of it has a decision: choose values in the column decision, save the sheet, and read it again"
    return "rows without a decision stay open: 'miner label reconcile' lists them"


def after_agreed(done: Reconciled, conflicts: int) -> str:
    """Say why nothing, or not everything, is reconciled."""
    parts = []
    if conflicts:
        parts.append(
            f"raters differ on {_judgements(conflicts)}: 'miner label reconcile --to conflicts.xlsx' writes them"
        )
    if done.alone:
        has, is_not = ("has", "is") if done.alone == 1 else ("have", "are")
        parts.append(f"{done.alone} {has} one rater alone, and {is_not} not reconciled")
    return "; ".join(parts)


def _judgements(number: int) -> str:
    return "1 judgement" if number == 1 else f"{number} judgements"
