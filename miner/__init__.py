"""bug-fix miner: bug fixes of deep-learning libraries, from git histories and Stack Overflow into SQL.

The flow, one package a stage::

    collect  ->  extract  ->  classify  ->  store  ->  study / export
    (sources)    (diffs,      (is it a      (SQL)      (tables, figures,
                  snippets)    fix? which               benchmark)
                               pattern?)
"""

__version__ = "0.1.0"
