"""Answers a candidate's question about the feedback by rules: what is asked and which score is meant, what it rests
on, what the next point would take, what a strong answer holds, what to practise. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mockmate_nb.interview import rubric
from mockmate_nb.interview.coaching import BETWEEN, LISTED, words
from mockmate_nb.interview.dimensions import RULES
from mockmate_nb.interview.question import LANGUAGES, Language

Entry = Mapping[str, Any]
MAX_READ = 1000
TOP, STRONG, BAR = 5, 4, 3
LACKS: Mapping[str, str] = {"example": "example", "trade_off": "alternative", "figures": "figure"}
LOWEST = 2  # dimensions that are told of where a question's score is not the highest
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
HAN = (*"一二三四五六七八九十", *(f"十{digit}" for digit in "一二三四五六七八九"))
NUMERALS = {word: at for numerals in (ORDINALS, CARDINALS, HAN) for at, word in enumerate(numerals, 1)}
NUMBERED = re.compile(
    r"(?:\bquestions?|\banswers?|\bq)\s*(?:no\.?|number|#)?\s*(\d{1,2}|"
    + "|".join(NUMERALS)
    + r")(?!\w|\.\d)"
    r"|(?:#|\bnumber|\bno\.)\s*(\d{1,2})\b"
    r"|\b(" + "|".join(ORDINALS) + r")\s+(?:question|answer|one)\b"
    r"|\b(\d{1,2})(?:st|nd|rd|th)\s+(?:question|answer|one)\b"
    r"|第\s*(\d{1,2}|十?[一二三四五六七八九]|十)\s*(?:道|个?(?:题|问|回答)|个(?=[呢怎为]|\W|$))|(?:题目?|问题)\s*(\d{1,2})",
    re.IGNORECASE,
)
LAST = re.compile(
    r"\b(?:last|final)\s+(?:question|answer|one)\b|最后一?(?:道|个)?(?:题|问|回答)", re.IGNORECASE
)
SCORED = re.compile(r"(?<![\d.])([1-5])(?![\d.])")
ALIASES: Mapping[str, str] = {
    "layers": r"\blayers?\b|\bstructure|\bdepth\b|层次|深度|结构",
    "detail": r"\bdetails?\b|\bspecifics?\b|细节|具体",
    "example": r"\b(?:real )?examples?\b|\bcase\b|\bstory\b|案例|例子|举例|实例",
    "trade_off": r"\btrade[\s_-]?offs?\b|\balternatives?\b|权衡|取舍|利弊",
    "pitfall": r"\bpit\s?falls?\b|\bdifficult(?:y|ies)\b|踩坑|坑|陷阱|困难",
    "figures": r"\bfigures?\b|\bnumbers?\b(?!\s*\d)|\bmetrics?\b|\bdata\b|数字|数据|量化",
}

ASKS = re.compile(
    r"\b(?:why|how|what|which|score|low|high|better|stronger|improve|explain|point)|为什么|为何|怎|哪|分|低|高|改|好",
    re.IGNORECASE,
)
VERDICT = re.compile(
    r"\bhir(?:e|ed|ing)\b|\b(?:would|will|did|do|can|could|have|am) I (?:have )?(?:pass|fail|get (?:it|in|the)\b)"
    r"|\b(?:get|land) (?:the|this|a) job\b|\b(?:get|make me) an offer\b|\bgood enough\b|\bam I ready\b"
    r"|能过|过得了|过了吗|通过|录用|录取|会要我|够格|合格|有戏|拿到\s?offer",
    re.IGNORECASE,
)
MODEL_ANSWER = re.compile(
    r"\bhow (?:would|should|could|do) (?:you|I|one) (?:have )?(?:answer|repl|said|say|tell)"
    r"|\bwhat (?:should|could) I have (?:said|answered|told)"
    r"|\b(?<!my )(?:model|sample|ideal|perfect|strong|right|correct|good|great|best) (?:version|answer)\b(?! was)"
    r"|(?:你|应该|该|要|可以)(?:会)?(?:怎么|怎样|如何)(?:回)?[答说讲]|换(?:成|作|做)?你|(?:标准|参考|理想|满分|示范|(?<![最更])好)的?(?:回答|答案|答法)|范文",
    re.IGNORECASE,
)
NEXT = re.compile(
    r"\bpracti[sc]e|\bdrill\b|\b(?:work|focus) on\b|\bnext\b|\bprepare\b|\bimprove|\b(?:get|be|do|make it) better\b"
    r"|\bstronger\b|\bweakness|\bgo(?:ne)? wrong\b"
    r"|练|准备|下一步|接下来|提高|提升|改|努力|更好|加强|弱点|短板|缺点|不足",
    re.IGNORECASE,
)
GOOD = re.compile(
    r"\bstrengths?\b|\b(?:went|go|done?|did \w+ (?:do )?) ?well\b|\bgood at\b|优点|强项|亮点|做得好|好在哪|哪里好",
    re.IGNORECASE,
)
WHOLE = re.compile(
    r"^\W*why\b|\boverall\b|\bwhole\b|\bsummar|\b(?:each|every) (?:question|answer)\b|\bquestion by question\b"
    r"|\ball (?:of )?(?:the |my |these )?(?:questions|answers)\b|\bhow (?:well )?(?:did|was) (?:I|it|that)\b"
    r"|\bwhich (?:question|answer)|\b(?:best|worst|weakest|strongest|highest|lowest) (?:question|answer|one|score)\b"
    r"|\bscores?\b|\bmarks?\b|\bgrades?\b|\bresults?\b"
    r"|^\W*为什么|总体|整体|总的|整[个场]|总结|每一?[道个]?(?:题|回答)|各题|逐题|哪一?[道个]?(?:题|回答)|表现|分",
    re.IGNORECASE,
)
FULL = re.compile(r"\b(?:five|full marks|top score|perfect score)\b|[五满扣]\s?分", re.IGNORECASE)


class Meant(NamedTuple):
    """What a question is about: the place of an entry and the name of a dimension or part; None where not said."""

    at: int | None = None
    name: str | None = None


def meant(feedback: Mapping[str, Any], asked: str) -> Meant:
    """Which entry and dimension `asked` is about. Where it names a dimension but no question: the only entry, else
    the one with the score that is named, else the weakest in it."""
    text = asked[:MAX_READ]
    entries = feedback["questions"]
    name = _named(text)
    said = _place(text, len(entries))
    if said is not None:
        return Meant(said if 0 <= said < len(entries) else None, name)
    if len(entries) == 1 and (name or ASKS.search(text)):
        return Meant(0, name)
    return Meant(_by_score(entries, name, text) if name else None, name)


def names_question(asked: str) -> bool:
    """Whether the text itself says, by a number or an ordinal, which question of the interview it is about."""
    return bool(NUMBERED.search(asked[:MAX_READ]) or LAST.search(asked[:MAX_READ]))


def explanation(feedback: Mapping[str, Any], asked: str) -> str:
    """The rules' own answer, as Markdown; where it is not clear what is meant, what can be asked."""
    language: Language = feedback["language"]
    text, entries = words(language, "explain"), feedback["questions"]
    read = asked[:MAX_READ]
    said, (at, name) = _place(read, len(entries)), meant(feedback, asked)
    if VERDICT.search(read):
        return BETWEEN[language].join(filter(None, (text["verdict"], feedback.get("summary"))))
    if said is not None and at is None:
        return str(
            text["no_such"].format(number=said + 1, count=len(entries)) if entries else text["nothing"]
        )
    if entries and MODEL_ANSWER.search(read):
        return _strong(_weakest(entries) if at is None else at, entries, language)
    if said is None and name is None and (whole := _of_whole(feedback, read, language)):
        return whole
    if at is None:
        if not any(entry["overall"] is not None for entry in entries):
            return str(text["nothing"])
        labels = [str(rubric.ANCHORS[each]["name"][language]) for each in RULES]
        return str(text["help"].format(labels=LISTED[language].join(labels)))
    return BETWEEN[language].join(filter(None, _of_entry(at, entries[at], name, read, language)))


def _of_entry(at: int, entry: Entry, name: str | None, asked: str, language: Language) -> list[str]:
    """What there is to say of one question, or of one dimension of it."""
    text, fix = words(language, "explain"), entry["fix"]
    if entry["overall"] is None:
        lines = [text["unscored"].format(at=at + 1, reason=entry["reason"])]
    elif name and name in _parts(entry):
        lines = _of_dimension(at, entry, name, _points_named(asked), language)
        fix = _fix(entry, name, language)
    elif TOP in _points_named(asked):
        lines, fix = _to_the_top(at, entry, language), ""
    elif NEXT.search(asked):
        return [text["improve"].format(at=at + 1, fix=fix), entry.get("stronger", "")]
    else:
        lines = _of_question(at, entry, language)
    return [*lines, text["fix"].format(fix=fix) if fix else ""]


def _of_whole(feedback: Mapping[str, Any], asked: str, language: Language) -> str:
    """What is asked of the interview as a whole; "" where nothing of it is."""
    text = words(language, "explain")
    entries, better = feedback["questions"], feedback.get("improvements", ())
    if GOOD.search(asked):
        return (
            _listed(text["good"], feedback["strengths"])
            if feedback.get("strengths")
            else str(text["no_good"])
        )
    if NEXT.search(asked) and (drill := feedback.get("next_drill")):
        return BETWEEN[language].join([drill, *(text["keep_in_mind"].format(fix=fix) for fix in better[:1])])
    if WHOLE.search(asked) and len(entries) > 1:
        lines = [_in_a_line(at, entry, language) for at, entry in enumerate(entries)]
        return _listed(feedback["summary"], lines)
    return ""


def _listed(opening: str, lines: Sequence[str], mark: str = "-") -> str:
    return "\n".join([opening, "", *(f"{mark} {line}" for line in lines)])


def _in_a_line(at: int, entry: Entry, language: Language) -> str:
    text, overall = words(language, "explain"), entry["overall"]
    if overall is None:
        return str(text["unscored"].format(at=at + 1, reason=entry["reason"]))
    score = text["score"].format(at=at + 1, overall=overall)
    return BETWEEN[language].join([score, _spread(entry, language)])


def _strong(at: int, entries: Sequence[Entry], language: Language) -> str:
    """The points of a strong answer in the order to tell them: the question's own, else those of its kind."""
    entry, outline = entries[at], words(language, "outline")
    kind = entry.get("format", "") if _weight(entry, "trade_off") else "experience"
    points = entry.get("key_points") or outline.get(kind, outline["explain"])
    opening = words(language, "explain")["strong"].format(at=at + 1)
    return "\n".join([opening, "", *(f"{number}. {point}" for number, point in enumerate(points, 1))])


def _weakest(entries: Sequence[Entry]) -> int:
    """The place of the lowest score; the first where there is none."""
    return min(range(len(entries)), key=lambda at: entries[at]["overall"] or TOP + 1)


def _named(text: str) -> str | None:
    """The dimension or part that `text` names first, by its label in either language or by what people call it."""
    found = {
        name: match.start() for name, alias in ALIASES.items() if (match := re.search(alias, text, re.I))
    }
    for name, row in rubric.ANCHORS.items():
        for language in LANGUAGES:
            label = str(row["name"][language]).lower()
            edge = r"\b" if label.isascii() else ""
            if match := re.search(edge + re.escape(label) + edge, text.lower()):
                found[name] = min(found.get(name, len(text)), match.start())
    return min(found, key=lambda name: found[name], default=None)


def _place(text: str, count: int) -> int | None:
    """The place that is named, whether there is such a one or not."""
    if match := NUMBERED.search(text):
        said = next(group for group in match.groups() if group).lower()
        return (int(said) if said.isdecimal() else NUMERALS[said]) - 1
    return count - 1 if count and LAST.search(text) else None


def _by_score(entries: Sequence[Entry], name: str, text: str) -> int | None:
    scores = {at: _parts(entry)[name]["score"] for at, entry in enumerate(entries) if name in _parts(entry)}
    said = SCORED.search(text)
    same = [at for at, score in scores.items() if said and score == int(said[1])]
    return same[0] if same else min(scores, key=lambda at: scores[at], default=None)


def _parts(entry: Entry) -> dict[str, Mapping[str, Any]]:
    return {**entry["dimensions"], **entry.get("parts", {})}


def _weight(entry: Entry, name: str) -> int:
    """How much a dimension counts; in the feedback of an earlier version all do."""
    return int(entry.get("weights", {}).get(name, 1))


def _points_named(asked: str) -> set[int]:
    """The scores that are asked for, a question's own number left out."""
    rest = NUMBERED.sub(" ", asked)
    return {int(point) for point in SCORED.findall(rest)} | ({TOP} if FULL.search(rest) else set())


def _counting(entry: Entry) -> list[tuple[str, Mapping[str, Any]]]:
    """The dimensions that count, the lowest first, of equal ones the one that counts most."""
    found = [pair for pair in entry["dimensions"].items() if _weight(entry, pair[0])]
    return sorted(found, key=lambda pair: (pair[1]["score"], -_weight(entry, pair[0])))


def _of_question(at: int, entry: Entry, language: Language) -> list[str]:
    """Its score, the highest and the lowest of its dimensions, and what would lift the lowest."""
    name, low = _counting(entry)[0]
    score = words(language, "explain")["overall"].format(at=at + 1, overall=entry["overall"])
    lift = _lift(name, low, language) if low["score"] < TOP else ""
    return [entry["reason"], score, _spread(entry, language), lift]


def _to_the_top(at: int, entry: Entry, language: Language) -> list[str]:
    """Its score, and what the next point takes where most is missing."""
    text = words(language, "explain")
    low = [(name, part) for name, part in _counting(entry) if part["score"] < TOP][:LOWEST]
    lines = [entry["reason"], text["overall"].format(at=at + 1, overall=entry["overall"])]
    if not low:
        return [*lines, text["top"]]
    return [*lines, *(_lift(name, part, language) for name, part in low)]


def _fix(entry: Entry, name: str, language: Language) -> str:
    """What to do about one dimension; "" where it is strong. Below the bar, what it lacks comes first."""
    score, advice = _parts(entry)[name]["score"], rubric.ADVICE[language]
    if score >= STRONG:
        return ""
    if score < BAR and name in LACKS:
        return str(advice["gap"][LACKS[name]]["fix"])
    return str(advice["dimension"][name]["fix"] if name in advice["dimension"] else entry["fix"])


def _lift(name: str, part: Mapping[str, Any], language: Language) -> str:
    """Where a dimension is, and what its next point takes."""
    next_ = _next(name, part["score"], language)
    return str(
        words(language, "explain")["lift"].format(label=part["label"], score=part["score"], next=next_)
    )


def _spread(entry: Entry, language: Language) -> str:
    """Which dimensions are highest and lowest; where all are equal, that they are."""
    text, parts = words(language, "explain"), [part for _, part in _counting(entry)]
    low, high = parts[0]["score"], parts[-1]["score"]
    if low == high:
        return str(text["even"].format(score=low))

    def at(score: int) -> str:
        return LISTED[language].join(part["label"] for part in parts if part["score"] == score)

    return str(text["spread"].format(high=at(high), most=high, low=at(low), least=low))


def _of_dimension(at: int, entry: Entry, name: str, points: set[int], language: Language) -> list[str]:
    """The anchor met, the quote, what the next point would take and the highest where it is asked for, and what
    the model gave."""
    text = words(language, "explain")
    part = _parts(entry)[name]
    label, score = part["label"], part["score"]
    lines = [
        text["dimension"].format(label=label, at=at + 1, score=score, anchor=part["anchor"]),
        text["quote"].format(quote=part["quote"].rstrip(".。")) if part["quote"] else text["no_quote"],
        _next(name, score, language),
    ]
    if TOP in points and score < TOP - 1:
        lines.append(_next(name, TOP - 1, language))
    if not _weight(entry, name):
        lines.append(text["uncounted"])
    judged = (entry.get("judgement") or {}).get("dimensions", {}).get(name)
    if judged:
        lines.append(text["judged" if judged["why"] else "judged_bare"].format(**judged))
    return lines


def _next(name: str, score: int, language: Language) -> str:
    """What the next point of the scale means."""
    text = words(language, "explain")
    if score >= TOP:
        return str(text["top"])
    return str(text["next"].format(point=score + 1, anchor=rubric.ANCHORS[name][language][score]))
