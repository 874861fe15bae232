"""Question: whether a question is about a bug, ``bug`` or ``no_bug``; given to fixes of questions only.

Decided by the words of the question, weakly: errors and what fails against "how to" and "what is the difference":
``taxonomies/question_cues.toml``.

Does not decide: a question that says neither. That its answer changes code is no sign: so do answers to "how to".
"""

from __future__ import annotations

from functools import partial
from typing import Final

from miner.classify import wordcues

SCHEME: Final = "question"

labels = partial(wordcues.labels, SCHEME)
