"""Which sentences of a post describe a change to make (or made): what an answer without code can tell of a repair.

A sentence describes one if it tells or reports a change in the words of :data:`_VERBS` ("add ...", "you should
use ...", "I changed ...", "fixed by passing ...", "x should be y", "use x instead of y", "you forgot to call ...") and
names what is changed: code, a number, an identifier or a word of the trade. All else (questions, references, thanks,
remarks on the post itself, how a thing works) is left: an answer without such a sentence describes no repair, so a
doubt decides against it.
"""

from __future__ import annotations

import re
from typing import Final

MAX_SENTENCE: Final = 600
"""Characters; a longer "sentence" is a listing without full stops, and is not read."""

_VERBS: Final = (
    "add|adapt|adjust|append|apply|assign|call|cast|change|clamp|clip|combine|comment out|compile|concatenate"
    "|convert|crop"
    "|decrease|define|delete|detach|disable|divide|downgrade|drop|enable|encode|exclude|expand|extend|feed|fix"
    "|flatten|freeze"
    "|import|include|increase|initiali[sz]e|inherit|insert|install|instantiate|load|lower|modify|move|multiply"
    "|normali[sz]e"
    "|override|overwrite|pad|pass|permute|place|provide|put|reduce|register|reinstall|remove|rename|reorder|replace"
    "|rescale"
    "|reset|reshape|resize|return|rewrite|save|scale|send|set|shuffle|specify|split|squeeze|stack|standardi[sz]e"
    "|subclass"
    "|subtract|supply|swap|switch|transform|transpose|truncate|unfreeze|uninstall|unsqueeze|update|upgrade|use|wrap"
    "|write"
    "|do(?= `)|run(?= `)"
)
_DOUBLED: Final = frozenset({"set", "put", "reset", "drop", "clip", "crop", "pad", "wrap", "swap", "split"})


def _stem(verb: str) -> str:
    """Give what -ing and -ed are put after."""
    word = verb.partition(" ")[0]
    return word + word[-1] if word in _DOUBLED else word.removesuffix("e")


_STEMS: Final = "|".join(_stem(verb) for verb in _VERBS.split("|") if "(" not in verb)
_ING: Final = rf"(?:{_STEMS})ing"
_PAST: Final = rf"(?:(?:{_STEMS})ed|put|set|reset|sent|written|split|modified|applied|specified|supplied)"
_CHANGED: Final = (
    "(?:changed|replaced|added|removed|switched|upgraded|downgraded|updated|modified|reinstalled|uninstalled"
    "|renamed|moved"
    "|converted|reshaped|increased|decreased|reduced|set)"
)
_ADVERBS: Final = (
    "(?:(?:also|therefore|thus|hence|always|just|simply|only|first|then|rather|instead|explicitly|either|manually|actually|probably"
    "|still|now|not"
    "|never|easily|at least|definitely|better|perhaps|maybe)[, ]+)*"
)
_LEAD: Final = (
    r"(?:(?:so|and|or|but|then|instead|also|first(?:ly)?|second(?:ly)?|finally|next|now|therefore|thus|hence|please"
    r"|simply"
    r"|just|alternatively|otherwise|basically|maybe|perhaps|either|edit|update|solution|answer|fix|tl;?dr|note that"
    r"|for (?:this|that)|(?:in order )?to (?:fix|solve|resolve|avoid|overcome|correct) (?:this|that|it|the \w+)"
    r"|in (?:your|this|that) case)[,:]? +)*"
    r"(?:(?:(?:in order )?to|if|when|since|because|as|inside|in|on|after|before|at|for|with)\b[^,]{3,90}, +)?"
)
_MODAL: Final = (
    r"(?:(?:you|we|one) (?:really |probably |also |just |simply |only |actually |will |would |may |might )*"
    r"(?:should|must|needs?(?: just| only)? to|ha(?:ve|s) to|ought to|had better|are supposed to)"
    r"|you (?:may|might|will|would) want to|you'(?:ll|d) (?:need|have|want|better)(?: to)?"
    r"|i(?:'d| would)(?: (?:suggest|recommend|advise)(?: you(?: to)?| that you(?: should)?| to)?)?"
    r"|i (?:suggest|recommend|advise)(?: you(?: to)?| that you(?: should)?| to)?|let's)"
)
_WEAK: Final = (
    "you (?:can|could|may|might)(?: (?:probably|also|just|simply|either|easily|then|always|instead|directly|try to))*"
)
_TRY: Final = (
    "(?:you (?:can|could|should|may|might) |please |just |i(?: would|'d)? )?(?:try|consider|suggest|recommend|start"
    "|avoid)"
    "(?: to)?"
)
_SURE: Final = "(?:you (?:need|have|should|must)(?: to)? )?(?:make sure|ensure|be sure)"
_SOLUTION: Final = (
    "(?:(?:the|a|your|possible|simplest|easiest|only|proper|correct|right|best|one|quick|another) )*"
    "(?:solution|fix|way|trick|workaround|thing|what you (?:need|want|have|should)(?: to do)?)(?: here)? (?:is|was"
    "|would be)"
    "(?: just| simply)?(?: to)?"
)
_NO_IF: Final = r"(?<!\bif )(?<!\bwhen )(?<!\bunless )(?<!\bwhere )(?<!\bwhat )(?<!\bwhether )(?<!\bthat )"

_CUES: Final = tuple(
    re.compile(cue, re.IGNORECASE)
    for cue in (
        # "To fix this, you just need to add ..."
        rf"^{_LEAD}(?:all you (?:need|have) to do is(?: to)? |{_SOLUTION} |{_MODAL} |{_WEAK} )?{_ADVERBS}"
        rf"(?:(?:do not|don't|never) )?(?:{_VERBS})\b(?! (?:case|of|in)\b|\W*\d*\s*(?::|$))"
        rf"|^{_LEAD}{_SOLUTION} {_ING}\b",
        # "..., so you have to add ..."
        rf"{_NO_IF}\b{_MODAL},? +{_ADVERBS}(?:{_VERBS})\b"
        rf"|\b(?:so|then|instead|:|;),? (?:just |simply |please )?(?:{_VERBS}) (?:the|your|a|an|it|this|both|all|`)",
        # "Try adding ...", "make sure that you pass ..."
        rf"\b(?:{_TRY}|{_SURE} (?:that |to )?.{{0,40}}?)\b ?(?:by )?(?:{_ING}|(?:{_VERBS})\b)",
        rf"^{_LEAD}{_SURE} (?:that |to |your? |the |both |all )",
        # "`x` should be ..."
        r"\b(?:should|must|needs? to|ha(?:s|ve) to|ought to)(?: (?:not|also|only|instead|rather|actually|always))* be\b"
        r"(?! (?:able|fine|ok|okay|easy|possible|clear|obvious|enough|straightforward|familiar|aware|good|careful|noted"
        r"|sufficient|faster|slower|better|no |an? issue|a problem|happy|said|mentioned|explored))",
        # "... instead of ..."
        r"(?<!\bwe )(?<!\bi )\b(?:use|using|try|call|pass|write|apply|put|take|do)\b.{1,90}\b(?:instead|rather than"
        r"|in place of)\b"
        r"|`[^`]*`[^`]{0,30}\b(?:instead of|rather than|in place of)\b[^`]{0,30}`|^instead,? (?:of|use|you)\b",
        # "I changed ...", "solved by adding ...", "Adding ... solved it"
        rf"\bi(?:'ve| have| had)?(?: (?:just|simply|also|then|finally))* {_CHANGED}\b|\bi (?:needed"
        rf"|had) to (?:{_VERBS})\b"
        r"|\b(?:fix|solv|resolv|work|avoid|achiev|done)(?:e|ed|es|s)?\b.{0,30}\b(?:by|after|when i|once i|if you|with)"
        rf" (?:\w+ly )?(?:{_ING}|{_PAST})\b"
        rf"|^{_LEAD}{_ING}\b.{{3,120}}\b(?:fix|solve|resolve|help|work|did the trick|does the trick|should"
        rf"|make)(?:s|es|d|ed)?\b",
        # "You forgot to ...", "the problem is the missing ..."
        r"\byou(?:'re| are|'ve| have)?(?: \w+)? (?:forg[eo]t(?:ting|ten)?|missing|missed)\b|\bis missing\b"
        rf"|\byou (?:did not|didn't|have not|haven't|never) (?:{_PAST}|(?:{_VERBS})\b)"
        r"|\b(?:problem|issue|error|mistake|bug|culprit)\b.{0,40}\b(?:is|was|comes from|caused by|due to)\b.{0,60}"
        r"\b(?:missing|without|instead|should|must|wrong)\b",
    )
)
_ABLE = re.compile(rf"{_NO_IF}\b{_WEAK} (?:{_VERBS})\b", re.IGNORECASE)
"""What one can do is a change only if it names code: else it is how a thing works."""

_CODE: Final = r"`|\b[a-z]\w*_\w+|\b[A-Za-z]\w*\.\w+\(?|\w\(\)|\b[A-Z]?[a-z]+[A-Z]\w*"
_NAMED = re.compile(_CODE)
_TARGET = re.compile(
    rf"{_CODE}|(?<![\w.])\d+(?:[.x,]\d+)*\b|\b[A-Z]{{2,}}[a-z0-9]*\b"
    r"|\b(?:layers?|losses|loss|optimi[sz]ers?|learning rate|batch(?:es)?|epochs?|tensors?|shapes?|dimensions?"
    r"|dims?|arrays?"
    r"|inputs?|outputs?|labels?|targets?|weights?|bias(?:es)?|gradients?|activations?|sigmoid|softmax|dropout"
    r"|padding|kernel"
    r"|strides?|channels?|dtype|floats?|integers?|ints?|longs?|doubles?|models?|networks?|versions?|devices?|cpu"
    r"|gpus?|cuda"
    r"|parameters?|arguments?|metrics?|accuracy|function|method|class|module|variables?|dataset|data ?loader|data"
    r"|images?|embeddings?|hidden state|sequences?|vocabulary|vector|matrix|matrices|index|indices|seed|mode|line"
    r"|code|loop"
    r"|list|driver|library|package|torch|pytorch|keras|tensorflow|theano|caffe|numpy|torchvision|regulari[sz]ation"
    r"|normali[sz]ation)\b"
)
_NEVER = re.compile(
    r"\?[)\"']*$|\b(?:your|the|this|my|a new|another) (?:question|post|answer|comment)s?\b|\bhope (?:this|that|it)\b"
    r"|\blet me know\b|\bthanks?\b"
    r"|\b(?:see|refer to|check(?: out)?|read|look(?:ed)? (?:at|into)|have a look|take a look|find|found"
    r"|follow(?:ing)?|visit)"
    r" (?:at )?(?:(?:the|this|that|these|here|in|on|my|their|more) )*"
    r"(?:documentation|docs?|link|page|tutorials?|examples?|discussion|thread|issue|paper|article|blog|repo|source|here"
    r"|github|forum)\b"
    r"|\b(?:don't|do not|doesn't|does not|no|not) (?:really |actually )?(?:need|have) to\b|\bno need\b"
    r"|\bi (?:tried|am trying|was trying|don't know|wonder|(?:just |only |also )?(?:want|need|would like|like"
    r"|can)(?:ed)? to)\b"
    r"|\bi'd like\b|\bplease (?:provide|post|share|include|add)\b|\bif (?:that|this|it) (?:does not"
    r"|doesn't) (?:help|work)\b"
    r"|\byou (?:didn't|did not|haven't|have not) (?:include|provide|post|share|show|mention)",
    re.IGNORECASE,
)
_END = re.compile(r"(?<=[.!?])[)\"'*]*\s+(?=[\"'(*\[]*[A-Z`\x00\d])|\n+")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|fig|eq|no|st|mr|dr)|\b[A-Z])\.$", re.IGNORECASE)


def split(text: str) -> list[str]:
    """Split a paragraph at the ends of its sentences (a line break is one); blanks are made single spaces."""
    found: list[str] = []
    joined = ""
    for piece in _END.split(text):
        joined = f"{joined} {piece}" if joined else piece
        if len(joined) > MAX_SENTENCE or not _ABBREVIATION.search(joined[-12:]):
            found.append(" ".join(joined.split()))
            joined = ""
    found.append(" ".join(joined.split()))
    return [sentence for sentence in found if sentence]


def describes_change(sentence: str) -> bool:
    """Tell whether a sentence describes a change to make, or one that was made, and what it changes."""
    if len(sentence) > MAX_SENTENCE or not _TARGET.search(sentence):
        return False
    told = any(cue.search(sentence) for cue in _CUES) or (_ABLE.search(sentence) and _NAMED.search(sentence))
    return bool(told) and not _NEVER.search(sentence)
