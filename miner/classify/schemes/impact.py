"""Impact: what the bug did to who met it (Islam et al. 2019).

Decided by the words of the commit message or the question, tracebacks among them, and, more weakly, by the fix pattern:
``taxonomies/impact_cues.toml``.

Does not decide: a fix of which neither words nor pattern tell. A crash that somebody mentions need not be this bug's.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from miner.classify import wordcues

SCHEME: Final = "impact"

labels = partial(wordcues.labels, SCHEME)
