"""A stronger version of an answer out of the candidate's own sentences, and the outline of a model answer. Pure.

Nothing is added but bracketed places for what is missing: whoever reads it must be able to say it truthfully.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from mockmate_nb.interview import rubric
from mockmate_nb.interview.coaching import BETWEEN, words
from mockmate_nb.interview.question import LANGUAGES, Gap, Language, Question
from mockmate_nb.interview.signals import Sentence, language_of, read, weight

MAX_DRAFT = 1500
LITTLE = 3.0  # content words below which there is nothing to build on
BRIEF = 6  # sentences up to which an explanation may be sorted
SETTLED = 6  # passes after which a draft is taken as it is; two are the rule
OPENING, OWN, OUTCOME, AFTER = range(4)  # an experience: setting, own part, result, lesson
CLAIM, WHY, HOW, TRADE_OFF = range(4)  # an explanation
FILLER = re.compile(
    r"(?<![\w-])(?:u+m+|u+h+|er+m+|h+m+)\b[,.…]*\s*|\b(?:you know|I mean|to be honest|like|honestly)\s?,\s*"
    r"|\A\W*(?:okay|ok|well|so|right|sure|yeah|yes)[,.!…]+\s+"
    r"|\b(?:basically|actually|literally|obviously)\b,?\s*"
    r"|(?<![\u4e00-\u9fff])(?:嗯+|呃+|额|那个|就是说|怎么说呢|然后呢|好的|这个(?:嘛|吧)|(?:这个)?我觉得(?:吧|呢))[，,、…]+\s*|(?:嗯|呃){1,4}[，,、…]*",
    re.IGNORECASE,
)
HOLLOW = re.compile(
    r"\W*(?:(?:(?:that(?:'|’)?s|what|it(?:'|’)?s) )?an? (?:very |really )?(?:good|great|interesting) question"
    r"|let me (?:think|see)(?: about (?:it|that))?|(?:I think |I guess )?that(?:'|’)?s (?:it|all|about it)"
    r"|(?:I )?hope (?:that|this|it) (?:helps|answers)[\w ]{0,24}|thank(?:s| you)[\w ]{0,20}"
    r"|(?:这是)?(?:一)?个?(?:很)?好(?:的)?问题|让我想(?:想|一下|一想)|大概就是这样|就这些|谢谢(?:你|您|大家)?)\W*",
    re.IGNORECASE,
)
LEANS = re.compile(  # a sentence that takes up the one before it stays behind it
    r"\W*(?:(?:it|its|they|them|their|this|that|these|those|so|but|also|then|there|he|she|and|or|however|still|both|"
    r"another|such|otherwise|instead|after(?:wards| that)|next|finally|second(?:ly)?|third(?:ly)?|since then)\b"
    r"|这|那|它|他|她|其|但|然而|不过|所以|因此|于是|然后|接着|之后|随后|同时|另外|此外|而且|并且|其次|再|也|否则|最后)",
    re.IGNORECASE,
)
OUTCOME_FIRST = re.compile(
    r"(?:in the end|as a result|eventually|finally|ultimately|the result)\b|最后|最终|结果", re.IGNORECASE
)
SETTING_FIRST = re.compile(
    r"(?:at|in|on|during|last|back|when|while|two|three|a few|some)\b"
    r"|去年|前年|今年|上|当时|那时|那次|有一次|在|\d{4}\s?年",
    re.IGNORECASE,
)
FIRST_PERSON = re.compile(r"\bI\b|我(?!们)")
PROMPTS = {language: words(language, "draft") for language in LANGUAGES}
PROMPT = re.compile(
    r"(?:(?<!\s)\s+)?(?:" + "|".join(re.escape(p) for t in PROMPTS.values() for p in t.values()) + ")"
)
ENDS = re.compile(r"""[.!?…。！？；;]["'”’)\]）】]*$""")


def draft(answer: str, question: Question, language: Language = "en") -> str:
    """`answer` in the order a listener needs, without filler, with bracketed prompts where a part is missing.

    An experience goes from setting to own part to result; an explanation from claim to why, how and
    trade-off. The prompts are in the answer's own language. A draft of a draft is the same; "" where there is
    nothing to build on. At most `MAX_DRAFT` characters and the prompts, on one line.
    """
    text = answer
    for _ in range(SETTLED):
        again = _drafted(text, question, language)
        if again == text:
            break
        text = again
    return text


def told(answer: str, question: Question) -> str:
    """What the answer says, sentence by sentence: repeats, echoes of the question and words to the grader are out."""
    asked = "\n".join(wording.text for wording in question.wordings.values())
    return "\n".join(sentence.text for sentence in read(answer, asked).sentences)


def model_answer(question: Question, language: Language = "en") -> str:
    """What a strong answer holds, as a numbered outline in the order to tell it: the question's own key points,
    or for a question from elsewhere those of its kind."""
    kind = rubric.kind_of(question)
    frame = words(language, "outline")
    wording = question.wordings.get(language)
    points = (wording.key_points if wording else ()) or frame[kind]
    lived = kind == "experience"
    lines = [frame["head_lived" if lived else "head"]]
    lines += [f"{at}. {point}" for at, point in enumerate(points, 1)]
    return "\n".join([*lines, frame["tip_experience" if lived else "tip"]])


def _drafted(answer: str, question: Question, language: Language) -> str:
    """One pass."""
    bare = PROMPT.sub("", answer)
    spoken = language_of(bare) or language
    card = rubric.score(bare, question, language=language)
    if card.state != "scored" or not card.on_topic:
        return ""
    asked = "\n".join(wording.text for wording in question.wordings.values())
    sentences = [s for s in read(_cleaned(bare), asked).sentences if not (s.code or HOLLOW.fullmatch(s.text))]
    if sum(weight(sentence.words) for sentence in sentences) < LITTLE:
        return ""
    kind = rubric.kind_of(question)
    slots = _slots(_bounded(sentences), personal=kind == "experience")
    ordered = _ordered(slots, kind)
    pieces = [(slot, _line(sentence, spoken)) for slot, sentence in ordered]
    placed = Gap.FIGURE in card.gaps and _with_figure(pieces, [sentence for _, sentence in ordered], spoken)
    lines = [*_with_prompts(pieces, card.gaps, spoken, lived=kind == "experience")]
    if Gap.FIGURE in card.gaps and not placed:
        lines.append(PROMPTS[spoken]["figure"])
    return BETWEEN[spoken].join(lines)


def _cleaned(text: str) -> str:
    """Without filler; where one stood at a sentence's head, the next word gets the capital."""

    def cut(match: re.Match[str]) -> str:
        return "\0" if match.group()[:1].isupper() else ""

    return re.sub("\0+(.?)", lambda found: found[1].upper(), FILLER.sub(cut, text))


def _bounded(sentences: Sequence[Sentence]) -> list[Sentence]:
    """As many of the sentences, in their order, as fit: those that show least go first, the latest of them."""
    kept = list(sentences)
    while len(kept) > 1 and sum(len(sentence.text) + 1 for sentence in kept) > MAX_DRAFT:
        least = min(range(len(kept)), key=lambda at: (_bearing(kept[at]), -at))
        del kept[least]
    return kept


def _bearing(sentence: Sentence) -> float:
    return len(sentence.cues) + len(sentence.terms) + 2 * len(sentence.measured) + weight(sentence.words) / 10


def _slots(sentences: Sequence[Sentence], *, personal: bool) -> list[tuple[int, Sentence]]:
    """Each sentence with its place in the telling; one that leans on the sentence before it shares its place."""
    found: list[tuple[int, Sentence]] = []
    for sentence in sentences:
        before = found[-1][0] if found else 0
        if not found and not personal:
            slot = CLAIM
        elif found and LEANS.match(sentence.text):
            slot = before
        else:
            slot = (_lived if personal else _explained)(sentence, before)
        found.append((slot, sentence))
    return found


def _lived(sentence: Sentence, before: int) -> int:
    cues = sentence.cues.keys()
    if "lesson" in cues:
        return AFTER
    if "setting" in cues and "result" not in cues:
        return OPENING
    if cues & {"self", "team"} or (FIRST_PERSON.search(sentence.text) and "result" not in cues):
        return OWN
    return OUTCOME if "result" in cues else before


def _explained(sentence: Sentence, before: int) -> int:
    cues = sentence.cues.keys()
    if cues & {"alternative", "cost", "choice", "condition"}:
        return TRADE_OFF
    if cues & {"why", "cause"}:
        return WHY
    return HOW if cues & {"how", "self"} else before


def _ordered(slots: list[tuple[int, Sentence]], kind: str) -> list[tuple[int, Sentence]]:
    """Moved as little as the listener needs.

    A story keeps its teller's order but for a setting that is told late and a result that opens it; an
    short explanation, be it of a thing or of a way of working, is sorted. A longer one has a thread of its own,
    and a design, a piece of code or a case has its steps.
    """
    blocks = [list(block) for _, block in groupby(slots, key=lambda pair: pair[0])]
    if kind in ("explain", "competency") and len(slots) <= BRIEF:
        blocks.sort(key=lambda block: block[0][0])
    elif kind == "experience" and len(blocks) > 1:
        if OUTCOME_FIRST.match(blocks[0][0][1].text):
            after = next((at for at, block in enumerate(blocks) if block[0][0] == AFTER), len(blocks))
            blocks.insert(after - 1, blocks.pop(0))
        settings = [at for at, block in enumerate(blocks) if block[0][0] == OPENING]
        if settings and SETTING_FIRST.match(blocks[settings[0]][0][1].text):
            blocks.insert(0, blocks.pop(settings[0]))
    return [pair for block in blocks for pair in block]


def _line(sentence: Sentence, language: Language) -> str:
    """The sentence on one line, with an end."""
    text = " ".join(sentence.text.split()).rstrip(",，;；:：、")
    return text if ENDS.search(text) else text + ("。" if language == "zh" else ".")


def _with_figure(pieces: list[tuple[int, str]], sentences: Sequence[Sentence], language: Language) -> bool:
    """Put the place for a figure behind the sentence that says "much", else behind the outcome, if there is one."""
    vague = (at for at, sentence in enumerate(sentences) if "vague" in sentence.cues)
    outcome = (at for at, sentence in enumerate(sentences) if "result" in sentence.cues)
    at = next(vague, next(outcome, None))
    if at is None:
        return False
    slot, line = pieces[at]
    end = ENDS.search(line)
    cut = end.start() if end else len(line)
    pieces[at] = (slot, f"{line[:cut]}{BETWEEN[language]}{PROMPTS[language]['figure']}{line[cut:]}")
    return True


def _with_prompts(
    pieces: list[tuple[int, str]], gaps: Sequence[Gap], language: Language, *, lived: bool
) -> Iterator[str]:
    """The lines with the prompts for what is missing, each where a listener expects the part."""
    places: dict[Gap, int] = (
        {Gap.EXAMPLE: OPENING, Gap.SITUATION: OPENING, Gap.ACTION: OWN, Gap.RESULT: OUTCOME}
        if lived
        else {Gap.EXAMPLE: TRADE_OFF, Gap.ALTERNATIVE: AFTER}
    )
    missing = [(places[gap], gap) for gap in Gap if gap in gaps and gap in places]
    if lived and gaps[:1] == (Gap.EXAMPLE,):
        missing = [(OPENING, Gap.EXAMPLE)]  # one case holds its setting, action and result
    elif lived:
        missing = [(place, gap) for place, gap in missing if gap is not Gap.EXAMPLE]
    highest = -1
    for slot, line in pieces:
        while missing and missing[0][0] <= slot and missing[0][0] > highest:
            yield PROMPTS[language][missing.pop(0)[1]]
        highest = max(highest, slot)
        yield line
    for _, gap in missing:
        yield PROMPTS[language][gap]
