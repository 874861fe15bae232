"""Bug type: what kind of bug a fix repairs (Islam et al. 2019).

Decided by the words of the commit message or the question, tracebacks among them, its tags, and the fix pattern, each
weakly: ``taxonomies/bug_type_cues.toml``. Non-model bugs are those outside of the network: data files, plots, threads.

Does not decide: a fix of which neither words nor pattern tell; two types that are equally likely get low confidences.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from miner.classify import wordcues

SCHEME: Final = "bug_type"

labels = partial(wordcues.labels, SCHEME)
