"""How good a judgement is, beside labels that people gave: labelled rows in, figures out.

Pure, but for ``matching``, which looks labelled rows up in the database::

    bytes of a CSV -> labels.read -> LabelledMessage --+
                                                       +-> bugfix.evaluate -> Evaluation
    classify.bugfix.judge -> BugFixVerdict ------------+

    xlsx -> patternlabels.read -> LabelledFix -> matching.match -> Case -> patterns.evaluate -> PatternEvaluation
"""
