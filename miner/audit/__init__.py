"""Re-asks the sources for a sample of what the ledger says is at hand, and estimates the recall.

::

    coverage (complete rows)       slices of about 50 stored items     read_population
            |
    a sample, by a seed            equally likely slices               draw
            |
    ask the source                 questions, commits, repositories    stackoverflow.py, gitclones.py, searches.py
            |
    compare                        missing, gone, changed since        estimate -> recall with its 95 % interval

Nothing is written to the database: who may only read it can audit it.
"""
