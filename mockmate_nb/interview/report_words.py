"""A report's own words in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mockmate_nb.interview.question import Language
from mockmate_nb.interview.report_parts import Asked, Content, Judgement
from mockmate_nb.settings import PROVIDERS

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "title": "Interview report",
        "no_job": "Mock interview",
        "notice": "Practice, not a hiring verdict.",
        "unfinished": "This interview has no feedback yet: what follows was asked and answered so far.",
        "nothing": "Nothing has been asked yet.",
        "date": "Date",
        "format": "Format",
        "level": "Level",
        "language": "Language",
        "mode": "Mode",
        "count": "Questions",
        "worded": "Questions put into words by",
        "scored_by": "Scored by",
        "by_rules": "fixed rules, without a model",
        "by_both": "fixed rules, and beside them {model}",
        "by_nobody": "nobody yet",
        "unnamed": "a model that was not named",
        "practice_model": "the practice model (offline, not an AI)",
        "of": "of",
        "asked_count": "{asked} of {planned}",
        "overview": "At a glance",
        "overall": "Mean of the scored questions",
        "dimension": "Dimension",
        "parts": "What this format asks for",
        "competencies": "Competencies",
        "strengths": "What went well",
        "improvements": "What to work on",
        "next_drill": "Next drill",
        "questions": "Questions and answers",
        "answer": "Your answer",
        "no_answer": "No answer was given.",
        "not_scored": "not scored",
        "scores": "Scores",
        "rules": "Rules",
        "model": "Model",
        "model_named": "Model: {model}",
        "differ": "two points or more apart",
        "differ_note": "Rules and model differ by two points or more in: {names}. Read both, and judge for yourself.",
        "met": "Typical of this score in this competency",
        "model_not_scored": "The model's judgement could not be used",
        "dropped": "Not shown: quotes that do not stand in the answer ({quotes}), scores out of range ({scores}).",
        "fix": "Next step",
        "model_fix": "Next step, by the model",
        "stronger": "What would lift it",
        "draft": "Your answer, edited",
        "draft_note": "In your own words. Brackets, where there are any, are for you to fill, with what is true.",
        "model_draft": "Your answer, edited by the model",
        "key_points": "A strong answer, point by point",
        "rating": "Your own rating",
        "again": "Second attempts",
        "before": "Before",
        "after": "After",
        "better": "Better",
        "worse": "Weaker",
        "overlay": "Solid line: second attempt. Dashed: first.",
        "progress": "Progress over interviews",
        "progress_note": (
            "The band is the range of your scores, the dotted line the bar at 3. A trend needs three interviews;"
            " half a point either way counts as level. Second attempts are left out."
        ),
        "range": "Range",
        "latest": "Latest",
        "trend": "Trend",
        "interviews": "Interviews",
        "up": "rising",
        "down": "falling",
        "level_trend": "level",
        "too_few": "too few to tell",
        "colon": ": ",
        "between": ", ",
        "scale": "Scale: 1 no evidence, 2 partial, 3 meets the bar, 4 strong, 5 exceptional.",
        "made": "Made with MockMate NB on this machine. The scores are practice figures for your own use.",
        "behavioural": "behavioural",
        "competency": "competency",
        "technical": "technical",
        "system_design": "system design",
        "coding": "coding discussion",
        "case": "case",
        "mixed": "mixed",
        "junior": "junior",
        "mid": "mid",
        "senior": "senior",
        "practice": "practice",
        "live": "live",
        "en": "English",
        "zh": "Chinese",
    },
    "zh": {
        "title": "面试报告",
        "no_job": "模拟面试",
        "notice": "这是练习，不是录用结论。",
        "unfinished": "这次面试还没有反馈，下面是到目前为止的提问和回答。",
        "nothing": "还没有提出问题。",
        "date": "日期",
        "format": "形式",
        "level": "级别",
        "language": "语言",
        "mode": "模式",
        "count": "题数",
        "worded": "提问措辞",
        "scored_by": "评分",
        "by_rules": "固定规则，没有使用模型",
        "by_both": "固定规则，并列出 {model} 的判断",
        "by_nobody": "尚未评分",
        "unnamed": "未具名的模型",
        "practice_model": "练习模型（离线，不是人工智能）",
        "of": "/",
        "asked_count": "{asked} / {planned}",
        "overview": "概览",
        "overall": "已评分题目的平均分",
        "dimension": "维度",
        "parts": "这种形式看重的环节",
        "competencies": "能力项",
        "strengths": "做得好的地方",
        "improvements": "可以改进的地方",
        "next_drill": "下一个练习",
        "questions": "问题与回答",
        "answer": "你的回答",
        "no_answer": "没有作答。",
        "not_scored": "未评分",
        "scores": "得分",
        "rules": "规则",
        "model": "模型",
        "model_named": "模型：{model}",
        "differ": "相差两分或更多",
        "differ_note": "规则与模型在这些维度上相差两分或更多：{names}。两边都看看，由你自己判断。",
        "met": "这项能力得这个分数的典型表现",
        "model_not_scored": "模型的判断无法采用",
        "dropped": "未展示：回答里找不到的引文（{quotes}），超出范围的分数（{scores}）。",
        "fix": "下一步",
        "model_fix": "模型建议的下一步",
        "stronger": "怎样更上一层",
        "draft": "你的回答，整理后",
        "draft_note": "用的是你自己的话。如有方括号，请你如实填写。",
        "model_draft": "你的回答，模型改过",
        "key_points": "好的回答，逐点来看",
        "rating": "你给自己的评分",
        "again": "再答一次",
        "before": "之前",
        "after": "之后",
        "better": "更好",
        "worse": "变弱",
        "overlay": "实线：第二次回答；虚线：第一次。",
        "progress": "历次面试的进展",
        "progress_note": (
            "色带是得分的范围，点线是 3 分的标准线。至少三次面试才看趋势，相差不超过半分算持平。"
            "再答一次的得分不计入。"
        ),
        "range": "范围",
        "latest": "最近",
        "trend": "趋势",
        "interviews": "面试次数",
        "up": "上升",
        "down": "下降",
        "level_trend": "持平",
        "too_few": "次数太少，看不出",
        "colon": "：",
        "between": "、",
        "scale": "评分标准：1 没有依据，2 部分做到，3 达到标准，4 出色，5 卓越。",
        "made": "由 MockMate NB 在本机生成。这些分数只供你自己练习参考。",
        "behavioural": "行为面试",
        "competency": "能力面试",
        "technical": "技术问答",
        "system_design": "系统设计",
        "coding": "编程讨论",
        "case": "案例分析",
        "mixed": "混合",
        "junior": "初级",
        "mid": "中级",
        "senior": "高级",
        "practice": "练习",
        "live": "实战",
        "en": "英文",
        "zh": "中文",
    },
}


def named(language: Language, value: str) -> str:
    """The word for a format, a level, a mode or a language; the value itself where there is none."""
    return WORDS[language].get(value, value)


def number(value: float | None, language: Language) -> str:
    return WORDS[language]["not_scored"] if value is None else f"{value:g}"


def when(at: float) -> str:
    """Date and time where the reader is."""
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"


def facts(content: Content) -> list[tuple[str, str]]:
    """Label and value of what stands at a report's head."""
    words = WORDS[content.language]
    asked = words["asked_count"].format(asked=len(content.questions), planned=content.question_count)
    return [
        (words["date"], when(content.begun_at)),
        (words["format"], named(content.language, content.format)),
        (words["level"], named(content.language, content.level)),
        (words["mode"], named(content.language, content.mode)),
        (words["language"], named(content.language, content.language)),
        (words["count"], asked),
        (words["worded"], model_name(content.model, content.language)),
        (words["scored_by"], scored_by(content)),
    ]


def scored_by(content: Content) -> str:
    words = WORDS[content.language]
    if not content.finished:
        return words["by_nobody"]
    if content.source != "rules+model":
        return words["by_rules"]
    return words["by_both"].format(model=model_name(content.judge, content.language))


def model_name(model: str, language: Language) -> str:
    """A model by its name; the built-in one as what it is."""
    if model.partition(" (")[0] == "practice" or model == PROVIDERS["practice"].label:
        return WORDS[language]["practice_model"]
    return model or WORDS[language]["unnamed"]


def place_said(asked: Asked, language: Language) -> str:
    """Competency, format and level of a question, as far as they are known."""
    found = (
        asked.competency_label,
        *(named(language, name) for name in (asked.format, asked.level) if name),
    )
    return " · ".join(filter(None, found))


def rating_said(asked: Asked, language: Language) -> str:
    if asked.rating_note or asked.rating is None:
        return asked.rating_note
    words = WORDS[language]
    return (
        f"{asked.rating} {words['of']} 5{words['between']}{words['scores']} {number(asked.overall, language)}"
    )


def differ_said(asked: Asked, language: Language) -> str:
    """In which dimensions rules and model are far apart, by their labels; "" where in none."""
    labels = [asked.dimensions[name].label for name in asked.differ if name in asked.dimensions]
    words = WORDS[language]
    return words["differ_note"].format(names=words["between"].join(labels)) if labels else ""


def dropped_said(judgement: Judgement, language: Language) -> str:
    """What of a model's judgement is not shown, counted; "" where all is."""
    if not judgement.dropped_quotes + judgement.dropped_scores:
        return ""
    return WORDS[language]["dropped"].format(quotes=judgement.dropped_quotes, scores=judgement.dropped_scores)
