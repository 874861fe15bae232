"""The tables of posts: questions, answers, what hangs on them, and what a fix took from them.

A site's ids are its own, so every key starts with the site.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Double, ForeignKeyConstraint, Index, Integer, Table, Text

from miner.model import PostKind, SelectionRule, SnippetKind
from miner.store.columns import PROVENANCE, UtcDateTime, key, key_to, metadata, needed, one_of, optional, run_column

AVAILABILITIES = ("there", "gone", "unknown")
VOTES = ("accepted", "up", "down")
LINKS = ("linked", "duplicate")
SIDES = ("question", "answer")

_SITE = "The site, by its domain."


def _of_post() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["site", "post_id"], ["post.site", "post.post_id"])


dump = Table(
    "dump",
    metadata,
    key("dump_id", Text(), "Digest of its files; the same wherever the dump lies."),
    needed("site", Text(), _SITE),
    needed("name", Text(), "Name of its folder or archive."),
    needed("as_of", UtcDateTime(), "The moment that it shows."),
    run_column("The first run that read it."),
    comment="One row a data dump that was read.",
)

dump_table = Table(
    "dump_table",
    metadata,
    key_to("dump_id", "dump.dump_id", "The dump."),
    key("scope", Text(), "What of it was wanted: tags and dates of questions."),
    key("pass_no", Integer(), "Ordinal of the pass over its files, from 0."),
    needed("name", Text(), "The table of the dump: Posts, Comments, PostHistory, Votes or PostLinks."),
    needed("bytes_done", BigInteger(), "Bytes of its file that are in the database, decompressed."),
    needed("rows_seen", BigInteger(), "Rows that were looked at."),
    needed("rows_kept", BigInteger(), "Rows that were stored."),
    needed("largest_question", BigInteger(), "Largest id of a question seen; 0 before the first."),
    needed("late", Boolean(), "Whether a question came after a post with a larger id: answers are then read again."),
    needed("complete", Boolean(), "Whether the pass reached the file's end."),
    run_column("The last run that wrote the row."),
    comment="How far a dump is read: a row a pass over one of its files.",
)

post = Table(
    "post",
    metadata,
    key("site", Text(), _SITE),
    key("post_id", BigInteger(), "The site's number of the post."),
    needed("kind", Text(), "question or answer."),
    needed("question_id", BigInteger(), "The question: its own number, or that of the one that it answers."),
    needed("title", Text(), "Title, as plain text; empty for an answer."),
    needed("body", Text(), "Body, as HTML."),
    needed("score", Integer(), "Votes for less votes against, at the last look; see post_observation."),
    optional("author_id", BigInteger(), "The site's number of the author; null for a deleted user."),
    needed("author_name", Text(), "The author's name; empty where it did not come."),
    needed("created_at", UtcDateTime(), "When it was written."),
    optional("last_edited_at", UtcDateTime(), "When it was last edited; null if never."),
    needed("last_activity_at", UtcDateTime(), "When something last happened to it, as the site counts."),
    optional("closed_at", UtcDateTime(), "When the question was closed; null if it is not."),
    needed("licence", Text(), "Licence of its text."),
    optional("accepted_answer_id", BigInteger(), "The question's accepted answer; null if there is none."),
    optional("answer_count", Integer(), "Number of answers, as the site says; null for an answer."),
    optional("view_count", Integer(), "Number of views, as the site says; null for an answer or if it did not say."),
    needed("availability", Text(), "there, gone or unknown, at the last look."),
    needed("judged_as", Text(), "Settings with which the question was last searched for a fix; empty: not yet."),
    needed("observed_at", UtcDateTime(), "The moment that the row shows.", PROVENANCE),
    optional("response_sha256", Text(), "The API's response that it came with; see raw_response.", PROVENANCE),
    optional("dump_id", Text(), "The dump that it came from; null if it came from the API.", PROVENANCE),
    run_column("The last run that wrote the row."),
    one_of("kind", PostKind),
    one_of("availability", AVAILABILITIES),
    Index(None, "site", "question_id"),
    Index(None, "kind", "site", "observed_at"),
    comment="One row a question or answer, in the newest version seen.",
)

post_tag = Table(
    "post_tag",
    metadata,
    key("site", Text(), _SITE),
    key("post_id", BigInteger(), "The question."),
    key("tag", Text(), "A tag of it."),
    needed("tag_no", Integer(), "Ordinal, from 0."),
    _of_post(),
    Index(None, "tag"),
    comment="The tags of a question.",
)

post_edit = Table(
    "post_edit",
    metadata,
    key("site", Text(), _SITE),
    key("post_id", BigInteger(), "The post."),
    key("edited_at", UtcDateTime(), "When it was edited."),
    _of_post(),
    comment="When posts were edited. The API tells the last time alone; a dump with PostHistory tells all.",
)

post_observation = Table(
    "post_observation",
    metadata,
    key("site", Text(), _SITE),
    key("post_id", BigInteger(), "The post."),
    key("min_score", Integer(), "The score that an answer needed to qualify by the rule score."),
    # A key column, and provenance all the same: it is the time of the run that looked.
    key("observed_at", UtcDateTime(), "When it was looked at.", PROVENANCE),
    needed("score", Integer(), "Votes for less votes against."),
    needed("accepted", Boolean(), "Of an answer: whether it is the accepted one. Of a question: whether it has one."),
    optional("selection_rule", Text(), "Why the answer qualified; null: it did not, or is a question."),
    one_of("selection_rule", SelectionRule),
    _of_post(),
    comment="What a look at a post showed, where that differs from the look before it. Rows are added, never changed.",
)

comment = Table(
    "comment",
    metadata,
    key("site", Text(), _SITE),
    key("comment_id", BigInteger(), "The site's number of the comment."),
    needed("post_id", BigInteger(), "The question or answer that it is on."),
    optional("author_id", BigInteger(), "The site's number of the author; null for a deleted user."),
    needed("author_name", Text(), "The author's name; empty where it did not come."),
    needed("score", Integer(), "Votes for it."),
    needed("created_at", UtcDateTime(), "When it was written."),
    needed("text", Text(), "Its text, as Markdown."),
    needed("licence", Text(), "Licence of its text."),
    needed("observed_at", UtcDateTime(), "The moment that the row shows.", PROVENANCE),
    _of_post(),
    Index(None, "site", "post_id"),
    comment="Comments on questions and answers: they tell whether a fix brought a new bug.",
)

vote = Table(
    "vote",
    metadata,
    key("site", Text(), _SITE),
    key("vote_id", BigInteger(), "The site's number of the vote."),
    needed("post_id", BigInteger(), "The post."),
    needed("kind", Text(), "accepted, up or down."),
    needed("voted_on", UtcDateTime(), "The day (UTC); the site tells no time of day."),
    one_of("kind", VOTES),
    _of_post(),
    Index(None, "site", "post_id"),
    comment="Votes, from a dump: with them a score or an acceptance of any day can be asked for.",
)

post_link = Table(
    "post_link",
    metadata,
    key("site", Text(), _SITE),
    key("post_id", BigInteger(), "The post that the link is on."),
    key("related_post_id", BigInteger(), "The post that it leads to. It need not be stored."),
    key("kind", Text(), "linked or duplicate."),
    needed("created_at", UtcDateTime(), "When it was made."),
    one_of("kind", LINKS),
    _of_post(),
    comment="Links between posts, from a dump.",
)

snippet = Table(
    "snippet",
    metadata,
    key_to("fix_id", "fix.fix_id", "The fix."),
    key("side", Text(), "The post that it is of: question or answer."),
    key("snippet_no", Integer(), "Ordinal in the post, from 0."),
    needed(
        "kind",
        Text(),
        "code, traceback, output, inline (in a sentence) or sentence (that describes a change).",
    ),
    needed("language", Text(), "Language; empty if not known."),
    needed("text", Text(), "The text, entities decoded."),
    one_of("side", SIDES),
    one_of("kind", SnippetKind),
    comment="The pieces of a fix's question and answer, as they were when the answer first qualified.",
)

pair = Table(
    "pair",
    metadata,
    key_to("fix_id", "fix.fix_id", "The fix."),
    key("pair_no", Integer(), "Ordinal, from 0."),
    optional(
        "question_snippet_no",
        Integer(),
        "The snippet of the question that it is of; null: none, or the answer shows both sides.",
    ),
    needed("answer_snippet_no", Integer(), "The answer's snippet that repairs it."),
    needed("language", Text(), "Language; empty if not known."),
    needed("before", Text(), "The code that is repaired; empty if none was found."),
    needed("after", Text(), "That code with the answer's statements in their places."),
    needed("diff", Text(), "Unified diff of the two; its hunks count from 0."),
    needed(
        "method",
        Text(),
        "How it was found: repeat, edit, insert, rewrite, quoted, inline, commented, ..., unaligned.",
    ),
    needed("confidence", Double(), "How sure it is that the one repairs the other, 0 to 1."),
    CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence"),
    comment="Code before and after, for fixes from posts: what hunks are for those from commits.",
)
