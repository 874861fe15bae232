"""Root cause: why the bug was there (Islam et al. 2019).

Decided by the words of the commit message or the question, tracebacks among them, its tags, and the fix pattern, each
weakly: ``taxonomies/root_cause_cues.toml``.

Does not decide: a fix of which neither words nor pattern tell.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from miner.classify import wordcues

SCHEME: Final = "root_cause"

labels = partial(wordcues.labels, SCHEME)
