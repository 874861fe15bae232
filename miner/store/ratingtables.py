"""The tables of people's labels: what they rate, what each rater said and when, and the samples drawn for them.

Judgements of the rules are in ``label``; these here also hold items that nobody collected, such as the rows of a
published label set. Nothing is overwritten: a rater's next judgement of an item is the next round.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text

from miner.store.columns import UtcDateTime, key, key_to, metadata, needed, one_of, optional, run_column

ITEM_SOURCES = ("github", "stackoverflow")
SAMPLE_METHODS = ("random", "stratified", "least_sure")
SCHEMES = ("pattern", "sub_pattern", "prior_pattern", "bug_type", "root_cause", "impact")
"""What is judged, in the order of columns. A sub-pattern is ``PATTERN/SUB_PATTERN``."""
RECONCILED = "reconciled"
"""The rater of what a moderator decided, or of what all raters agreed on."""

rating_item = Table(
    "rating_item",
    metadata,
    key(
        "item_id",
        Text(),
        "What is rated: the fix's id; or git:SHA#ANCHOR, github:OWNER/NAME/REVISION/PATH#LINES or SITE:POST, where a "
        "file's second row of the same link ends with /2.",
    ),
    needed("source", Text(), "github or stackoverflow."),
    needed("library", Text(), "The library whose use is repaired, in lower case."),
    needed("link", Text(), "Where to see it: as the file writes it, or the link of the fix."),
    needed("set_name", Text(), "The label set or the batch that named it first."),
    needed("position", Integer(), "Its ordinal in that set, from 1."),
    Column("fix_id", ForeignKey("fix.fix_id"), comment="The collected fix that it is; null while none is."),
    run_column("The run that entered it."),
    one_of("source", ITEM_SOURCES),
    Index(None, "fix_id"),
    Index(None, "set_name", "position"),
    comment="What people rate, whether it was collected or not.",
)

rating_batch = Table(
    "rating_batch",
    metadata,
    key("batch", Text(), "Name of the batch."),
    needed("method", Text(), "How it was drawn: random, stratified or least_sure."),
    optional("stratum", Text(), "What it is stratified by: library, source or pattern; null for another method."),
    needed("schemes", Text(), "What the raters are asked for: schemes, separated by a space."),
    needed("seed", BigInteger(), "Seed of the draw: with the same database it draws the same items."),
    needed("size", Integer(), "How many items were asked for."),
    needed("population", Integer(), "How many items it was drawn from."),
    needed("query", Text(), "What limits the items that it was drawn from, and the version of the rules, as JSON."),
    run_column("The run that drew it."),
    one_of("method", SAMPLE_METHODS),
    comment="Samples that were drawn for raters.",
)

rating_batch_item = Table(
    "rating_batch_item",
    metadata,
    key_to("batch", "rating_batch.batch", "The batch."),
    key("position", Integer(), "Ordinal in the batch, from 1: the order in which it is rated."),
    Column("item_id", ForeignKey("rating_item.item_id"), nullable=False, comment="The item."),
    needed("stratum", Text(), "Its stratum; empty where the draw has none."),
    Index(None, "batch", "item_id", unique=True),
    Index(None, "item_id"),
    comment="The items of a batch, in order.",
)

rating_sheet = Table(
    "rating_sheet",
    metadata,
    key_to("batch", "rating_batch.batch", "The batch."),
    key("rater", Text(), "Who was given it."),
    run_column("The run that wrote the first sheet."),
    comment="Who was given a blind sheet of which batch.",
)

rating = Table(
    "rating",
    metadata,
    key_to("item_id", "rating_item.item_id", "The item."),
    key("scheme", Text(), "What is judged: pattern, prior_pattern, bug_type, root_cause, impact or sub_pattern."),
    key("rater", Text(), "Who judged; reconciled for what a moderator decided, or all raters agreed on."),
    key("round", Integer(), "1 is the rater's first judgement of the item, the highest is the current one."),
    needed("value", Text(), "The judgement: an id of the scheme's taxonomy. unknown is a judgement too, not a no."),
    needed("said", Text(), "The judgement as it was written."),
    needed("note", Text(), "What the rater or moderator adds; empty if nothing."),
    optional("rated_at", UtcDateTime(), "When it was judged; null where the file does not say."),
    Column("batch", ForeignKey("rating_batch.batch"), comment="The batch that it answers; null for a label set."),
    optional("file_sha256", Text(), "SHA-256 of the file that it came in, in hex; null if it came in none."),
    needed("row_no", Integer(), "Ordinal of its row in that file, from 1; with the run, the order of judgements."),
    run_column("The run that entered it."),
    CheckConstraint("round >= 1", name="round"),
    Index(None, "scheme", "rater"),
    comment="What people said of an item; rows are added, never changed.",
)

rating_import = Table(
    "rating_import",
    metadata,
    key("file_sha256", Text(), "SHA-256 of the file, in hex."),
    key("rater", Text(), "Whose labels it was said to hold; empty where its rows name the raters."),
    needed("file_name", Text(), "Name of the file, without its folder."),
    needed("set_name", Text(), "The label set or batch that it was said to be."),
    run_column("The first run that read it."),
    comment="Files of labels that were read: reading one again adds only what is missing.",
)

rating_rejection = Table(
    "rating_rejection",
    metadata,
    key("file_sha256", Text(), "The file."),
    key("place", Text(), "Its sheet and row, such as GitHub:17; of a text file, the row alone."),
    key("field", Text(), "The scheme whose value it is, or what else could not be read: link, library, rater, row."),
    needed("text", Text(), "What stands there, cut to 200 characters."),
    needed("reason", Text(), "Why it was left out."),
    run_column("The last run that read it so."),
    comment="What a file of labels holds and could not be read.",
)
