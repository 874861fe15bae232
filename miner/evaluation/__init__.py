"""How good a judgement is, beside labels that people gave: labelled rows in, figures out.

Pure: no network, no SQL, no clock::

    bytes of a CSV -> labels.read -> LabelledMessage --+
                                                       +-> bugfix.evaluate -> Evaluation
    classify.bugfix.judge -> BugFixVerdict ------------+
"""
