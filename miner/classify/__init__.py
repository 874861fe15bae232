"""From a change to labels: is it a bug fix, of which library, after which fix pattern, and why.

Pure: no network, no SQL, no clock. Data that ships with the package is read once, when it is first needed::

    message ------> bugfix.judge -------------------> BugFixVerdict
    Change --+----> libraries.detect ---------------> Label(scheme="library")
             +----> signals.read -> engine.classify -> Label(scheme="pattern")
             +----> labelling.label -----------------> these, sub_pattern, prior_pattern, bug_type, root_cause, impact
"""
