"""Prints a fix: the change as a diff with carets below what voted, its labels, and the evidence for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.cells import cell_len
from rich.text import Text

from miner.console import in_place, mask_secrets, mask_values, printable, stdout

if TYPE_CHECKING:
    from miner.model import Evidence, Hunk
    from miner.store.explain import ChangedPart, Explanation, StoredLabel

_STYLES: Final = {"+": "green", "-": "red", "\\": "dim"}
_HUNKS: Final = 8
"""Hunks that are shown of a long change, those with a mark first of all."""

_LINES: Final = 60
"""Lines that are shown of a long hunk."""

_RANKS: Final = 3
"""Labels of a scheme that are shown with their evidence."""

_REASONS: Final = 3
"""Reasons that are shown of a label that is not the first choice."""

_MEAN: Final = "a weighted mean of {} hunks: one strong vote alone does not make it sure"
"""Why a vote of +3 can be of a label that is far from sure."""

_LEFT: Final = 20
"""Columns that are shown before a mark that would not fit into the line."""


def print_explanations(explained: Sequence[Explanation], *, full: bool, as_json: bool) -> None:
    """Print fixes, or one JSON object with the key ``fixes``."""
    if as_json:
        typer.echo(json.dumps(mask_values({"fixes": [_object(one) for one in explained]}), default=str))
        return
    for at, one in enumerate(explained):
        for line in [Text("")] * (at > 0) + list(explanation_lines(one, stdout().width, full=full)):
            stdout().print(line, soft_wrap=True, no_wrap=True)


def explanation_lines(one: Explanation, width: int, *, full: bool) -> Iterator[Text]:
    """Give the lines of a fix, none wider than ``width`` but links and ids."""
    yield from (_cut(line, width) if "://" not in line.plain else line for line in _head(one))
    if one.message is not None:
        yield Text("")
        yield from _message(one, width, full=full)
    yield Text("")
    yield from _labels(one, width, full=full)
    yield from _change(one, width, full=full)


def _head(one: Explanation) -> Iterator[Text]:
    day = f"{one.fixed_at:%Y-%m-%d}" if one.fixed_at else "no date"
    about = [one.library, day, *([one.selection_rule] if one.selection_rule else [])]
    yield Text.assemble((one.fix_id, "bold"))
    yield Text("  ".join(printable(part) for part in [*about, *([one.repository] if one.repository else [])]))
    if one.title:
        yield Text(printable(mask_secrets(one.title)))
    for url in one.urls:
        yield Text(url, style="blue")
    if one.superseded_by:
        yield Text(f"superseded: {printable(one.superseded_by)} sees other fixes in its place", style="yellow")


def _message(one: Explanation, width: int, *, full: bool) -> Iterator[Text]:
    start = 0
    lines = (one.message or "").split("\n")
    for line in lines if full else lines[:_REASONS]:
        inside = [row for row in one.bug_fix if row.side == "message" and start <= row.start <= start + len(line)]
        yield from _marked("  ", line, "", [(row.start - start, row.end - start, row) for row in inside], width)
        start += len(line) + 1
    if not full and len(lines) > _REASONS:
        yield Text(f"  ... {len(lines) - _REASONS} more lines", style="dim")
    yield Text.assemble("  bug-fix score ", (f"{one.bug_fix_score or 0:.2f}", "bold"))
    for row in one.bug_fix:
        yield _cut(Text.assemble("    ", *_reason(row, "")), width)


def _labels(one: Explanation, width: int, *, full: bool) -> Iterator[Text]:
    paths = {part.no: part.path for part in one.parts}
    hunks = sum(len(part.hunks) for part in one.parts) if one.sha else 1
    for (scheme, rater), group in groupby(one.labels, key=lambda found: (found.scheme, found.rater)):
        found = list(group)
        yield _cut(Text.assemble((scheme, "bold"), f"  by {printable(rater)}"), width)
        for label in found if full else found[:_RANKS]:
            yield from _label(label, paths, width, full=full)
            of_hunks = label.rank == 1 and scheme == "pattern" and rater.startswith("heuristic/")
            if hunks > 1 and of_hunks and label.evidence:
                yield _cut(Text(f"      {_MEAN.format(hunks)}", style="dim"), width)
        if not full and len(found) > _RANKS:
            others = ", ".join(f"{label.value} {label.confidence or 0:.2f}" for label in found[_RANKS:])
            yield _cut(Text(f"  then {printable(others)}", style="dim"), width)


def _label(label: StoredLabel, paths: dict[int, str], width: int, *, full: bool) -> Iterator[Text]:
    sure = "" if label.confidence is None else f" {label.confidence:.2f}"
    value = f"{printable(label.value):<26}"
    yield Text.assemble(f"{label.rank:>3} ", (value, "bold cyan" if label.rank == 1 else ""), sure)
    for row in label.evidence if full or label.rank == 1 else label.evidence[:_REASONS]:
        yield _cut(Text.assemble("      ", *_reason(row, paths.get(row.file_no or 0, ""))), width)


def _reason(row: Evidence, path: str) -> list[str | tuple[str, str]]:
    in_code = row.line is not None and row.side in ("old", "new")
    place = f"{row.side} {path.rpartition('/')[2].partition(' (')[0]}:{row.line}" if in_code else row.side
    weight = (f"{row.weight:+.1f}", "green" if row.weight > 0 else "red")
    return [printable(row.rule), " ", weight, "  ", printable(place), "  ", _quoted(row)]


def _quoted(row: Evidence) -> str:
    return repr(printable(mask_secrets(row.text)))


def _change(one: Explanation, width: int, *, full: bool) -> Iterator[Text]:
    marks = _marks(one.labels)
    hunks = [(part, hunk) for part in one.parts for hunk in part.hunks]
    shown = hunks if full else _chosen(hunks, {(no, hunk_no) for no, hunk_no, _, _ in marks})
    path = None
    for part, hunk in shown:
        if path != part.path:
            path = part.path
            yield Text("")
            yield Text(printable(part.path), style="bold")
        yield from _hunk(part, hunk, marks, width, full=full)
    if len(shown) < len(hunks):
        yield Text(f"... {len(hunks) - len(shown)} more hunks: --full shows them", style="dim")


def _chosen(hunks: Sequence[tuple[ChangedPart, Hunk]], marked: set[tuple[int, int]]) -> list[tuple[ChangedPart, Hunk]]:
    first = sorted(hunks, key=lambda one: (one[0].no, one[1].no) not in marked)[:_HUNKS]
    kept = {(part.no, hunk.no) for part, hunk in first}
    return [one for one in hunks if (one[0].no, one[1].no) in kept]


_Marks = dict[tuple[int, int, str, int], list["Evidence"]]


def _marks(labels: Iterable[StoredLabel]) -> _Marks:
    """Give what voted for something but the library, by file, hunk, side and line, each place of a rule once."""
    found: _Marks = {}
    for one in labels:
        for row in one.evidence if one.scheme != "library" else ():
            if row.hunk_no is not None and row.line is not None and not row.rule.endswith((".common", ".elsewhere")):
                rows = found.setdefault((row.file_no or 0, row.hunk_no, row.side, row.line), [])
                if (row.rule, row.start) not in [(other.rule, other.start) for other in rows]:
                    rows.append(row)
    return found


def _hunk(part: ChangedPart, hunk: Hunk, marks: _Marks, width: int, *, full: bool) -> Iterator[Text]:
    heading = "".join(in_place(hunk.heading))
    header = f"@@ -{hunk.old_start},{hunk.old_lines} +{hunk.new_start},{hunk.new_lines} @@ {heading}"
    yield _cut(Text(header.rstrip(), style="magenta"), width)
    old, new = hunk.old_start, hunk.new_start
    lines = hunk.body.split("\n")
    for line in lines if full else lines[:_LINES]:
        sign = line[:1] or " "
        side, number = ("old", old) if sign == "-" else ("new", new)
        rows = marks.get((part.no, hunk.no, side, number), [])
        gutter = f"{number:>5} {sign}" if sign in "+- " else f"      {sign}"
        yield from _marked(gutter, line[1:], _STYLES.get(sign, ""), [(row.start, row.end, row) for row in rows], width)
        old, new = old + (sign in "- "), new + (sign in "+ ")
    if not full and len(lines) > _LINES:
        yield Text(f"      ... {len(lines) - _LINES} more lines: --full shows them", style="dim")


def _marked(
    gutter: str, line: str, style: str, rows: Sequence[tuple[int, int, Evidence]], width: int
) -> Iterator[Text]:
    """Give a line, and below it carets with the rules for each span in it."""
    line = line.removesuffix("\r")
    if mask_secrets(line) != line:
        # Masked, its columns are others.
        line, rows = mask_secrets(line), []
    cells = in_place(line)
    spans = {(start, end): [row for s, e, row in rows if (s, e) == (start, end)] for start, end, _ in rows}
    skipped = _skipped(cells, list(spans), width - len(gutter))
    if skipped:
        cells[skipped] = "\u2026"
    text = Text(gutter + "".join(cells[skipped:]), style=style)
    for start, end in spans:
        at = len(gutter) + len("".join(cells[skipped:start]))
        text.stylize("bold reverse", at, at + len("".join(cells[start:end])))
    yield _cut(text, width)
    for (start, end), found in spans.items():
        before = len(gutter) + cell_len("".join(cells[skipped:start]))
        yield _carets(before, cell_len("".join(cells[start:end])), found, width)


def _skipped(cells: list[str], spans: list[tuple[int, int]], room: int) -> int:
    """Give how many characters to leave out at the left, so that the first span of a long line is seen."""
    if not spans or cell_len("".join(cells[: max(end for _, end in spans)])) <= room:
        return 0
    return max(0, min(start for start, _ in spans) - _LEFT)


def _carets(before: int, length: int, rows: Sequence[Evidence], width: int) -> Text:
    carets = "^" * max(1, min(length, width - before))
    told = ", ".join(f"{printable(row.rule)} {row.weight:+.1f}" for row in rows)
    if before + len(carets) + 1 + len(told) > width and len(told) < before:
        return Text.assemble(" " * (before - len(told) - 1), (f"{told} ", "yellow"), (carets, "bold yellow"))
    return _cut(Text.assemble(" " * before, (carets, "bold yellow"), (f" {told}", "yellow")), width)


def _cut(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return text


def _object(one: Explanation) -> dict[str, Any]:
    told = asdict(one)
    told["parts"] = [
        {"no": part.no, "path": part.path, "hunks": [_hunk_object(hunk) for hunk in part.hunks]} for part in one.parts
    ]
    told["labels"] = [{**found._asdict(), "evidence": [asdict(row) for row in found.evidence]} for found in one.labels]
    return told


def _hunk_object(hunk: Hunk) -> dict[str, Any]:
    return {name: value for name, value in asdict(hunk).items() if name != "body_raw"}
