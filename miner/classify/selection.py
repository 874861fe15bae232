"""Which answers of a question qualify as a repair, and by which rule: the paper's selection (section 2.1).

The accepted answer with code; else the accepted answer that describes the repair in words; else, where nothing is
accepted, the answers with the highest score if that reaches a threshold. Whatever does not qualify has a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from miner.model import OmissionReason, Post, SelectionRule, Snippet, SnippetKind, Thread

NOT_SELECTED: Final = (
    OmissionReason.QUESTION_UNANSWERED,
    OmissionReason.QUESTION_BELOW_SCORE,
    OmissionReason.ACCEPTED_ANSWER_MISSING,
    OmissionReason.REPAIR_NOT_DESCRIBED,
)
"""Why a question has no qualifying answer."""

Pieces = Callable[[Post], tuple[Snippet, ...]]


@dataclass(frozen=True, slots=True)
class Selection:
    """The answers that qualify, by id, each with its rule; if there are none, the reason, in words too."""

    answers: tuple[tuple[Post, SelectionRule], ...]
    reason: OmissionReason | None = None
    detail: str = ""


def select(thread: Thread, min_score: int, pieces: Pieces) -> Selection:
    """Choose the qualifying answers of a question.

    :param min_score: the score from which an answer counts where none is accepted.
    :param pieces: gives the pieces of a post; asked only of answers that could qualify.
    """
    if thread.question.accepted_answer_id is not None:
        return _accepted(thread, thread.question.accepted_answer_id, pieces)
    if not thread.answers:
        return Selection((), OmissionReason.QUESTION_UNANSWERED, "it has no answer")
    highest = max(answer.score for answer in thread.answers)
    if highest < min_score:
        detail = f"none of {len(thread.answers)} answers is accepted; the highest score is {highest}, below {min_score}"
        return Selection((), OmissionReason.QUESTION_BELOW_SCORE, detail)
    best = [answer for answer in thread.answers if answer.score == highest]
    chosen = tuple((answer, SelectionRule.SCORE) for answer in best if _tells(pieces(answer)))
    return Selection(chosen) if chosen else _undescribed(best)


def has_code(pieces: Iterable[Snippet]) -> bool:
    """Tell whether there is a block of code among the pieces of a post."""
    return any(piece.kind is SnippetKind.CODE for piece in pieces)


def _accepted(thread: Thread, answer_id: int, pieces: Pieces) -> Selection:
    answer = next((answer for answer in thread.answers if answer.post_id == answer_id), None)
    if answer is None:
        detail = f"its accepted answer {answer_id} did not come with it: deleted, or left out by the source"
        return Selection((), OmissionReason.ACCEPTED_ANSWER_MISSING, detail)
    found = pieces(answer)
    if has_code(found):
        return Selection(((answer, SelectionRule.ACCEPTED_WITH_CODE),))
    if _tells(found):
        return Selection(((answer, SelectionRule.ACCEPTED_WITHOUT_CODE),))
    return _undescribed([answer])


def _tells(pieces: Iterable[Snippet]) -> bool:
    return any(piece.kind in (SnippetKind.CODE, SnippetKind.SENTENCE) for piece in pieces)


def _undescribed(answers: list[Post]) -> Selection:
    named = ", ".join(str(answer.post_id) for answer in answers)
    detail = f"no code, and no sentence that describes a change, in answer {named}"
    return Selection((), OmissionReason.REPAIR_NOT_DESCRIBED, detail)
