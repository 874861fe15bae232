"""The paper's study from the database: every table and figure is one module, ``registry`` lists them in order.

The flow: ``queries`` read the database into a :class:`miner.study.material.Material`; an exhibit's ``build`` makes an
:class:`miner.study.exhibits.Exhibit` of it, without any input or output; ``report`` writes exhibits as HTML, CSV, PNG
and SVG.
"""

from __future__ import annotations

import logging

# That it builds a font cache, the first time, is no news for who asked for a table.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
