"""Interviews as a history keeps them, made up whole: scored by rules and a model, in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mockmate_nb.interview.question import Language
from mockmate_nb.interview.record import Entry

NOON = 1_700_000_000.0  # 2023-11-14
DAY = 86_400.0
LABELS: dict[Language, dict[str, str]] = {
    "en": {
        "layers": "Layers",
        "detail": "Detail",
        "example": "Real example",
        "trade_off": "Trade-off",
        "pitfall": "Pitfall met",
        "figures": "Figures",
        "situation": "Situation",
        "task": "Task",
        "action": "Action",
        "result": "Result",
    },
    "zh": {
        "layers": "层次",
        "detail": "细节",
        "example": "真实案例",
        "trade_off": "权衡",
        "pitfall": "踩过的坑",
        "figures": "数字",
        "situation": "情境",
        "task": "任务",
        "action": "行动",
        "result": "结果",
    },
}
DIMENSIONS = ("layers", "detail", "example", "trade_off", "pitfall", "figures")
TEXTS: dict[Language, dict[str, Any]] = {
    "en": {
        "anchor": "One concrete case, with enough around it to picture it.",
        "question": "Tell me about an outage that you took part in ending. What did you do yourself?",
        "answer": (
            "On a Friday in March our streaming gateway stopped answering. A retry storm from the mobile app had "
            "filled every worker, and the on-call engineer was new.\nI cut the retries at the edge first, then "
            "shipped a jittered back-off. We chose that over a bigger pool, because the pool would only have moved "
            "the limit. After 40 minutes the error rate fell from 31 % to under 1 %."
        ),
        "quote": "I cut the retries at the edge first",
        "second": (
            "Our gateway was down for 40 minutes in March. I was the incident lead, with two others. I cut the "
            "retries at the edge, wrote the back-off and had it reviewed in ten minutes. The error rate fell from "
            "31 % to 0.4 %, and since then we rehearse this once a quarter."
        ),
        "labels": ("Quality and reliability", "Design and trade-offs", "Learning"),
        "notice": "Practice, not a hiring verdict. Scored by fixed rules; beside them qwen2.5-coder-1.5b.",
        "summary": "Of 3 questions, 2 could be scored. Overall: 3.2 of 5.",
        "why": "Names the step and its order, not who agreed to it.",
        "key_points": [
            "who was affected and how you knew",
            "your own first move",
            "what has kept it from returning",
        ],
        "met": "Finds the cause under pressure, and says what was done so that it would not come back.",
        "fix": "You say “we chose”: say which part of that decision was yours.",
        "stronger": "Your own part, the alternative you dropped, and a figure from after the change.",
        "draft": (
            "On a Friday in March our streaming gateway stopped answering for [your figure] users. I cut the retries "
            "at the edge first, then shipped a jittered back-off. The error rate fell from 31 % to under 1 %."
        ),
        "rating_note": "You gave yourself 4, the rules 3.4: close.",
        "other": "How would you stream answers of a model to 8,000 readers at once?",
        "other_answer": "I would use SSE, a log with ids, and let readers resume after the last id they saw.",
        "reason": "You passed on this one.",
        "skipped": "What have you learned in the last year that changed how you work?",
        "strengths": ["Figures: “from 31 % to under 1 %”", "Trade-off: “We chose that over a bigger pool”"],
        "improvements": [
            "Say which part of the decision was yours.",
            "Give the design's expected load in figures.",
        ],
        "next_drill": "Tell the outage once more in 90 seconds, with “I” in every sentence.",
        "summary_again": "Up from 3.4 to 4.1: your own part is clear now. The trade-off has gone missing.",
        "job": "Senior Backend Engineer, LLM Platform",
        "unjudged": "The model's reply could not be read.",
    },
    "zh": {
        "anchor": "有一个具体的例子，前后情况足以让人想象出来。",
        "question": "请讲一次你参与处理的线上故障。其中你自己做了什么？",
        "answer": (
            "三月的一个周五，我们的流式网关突然没有响应。移动端的重试风暴占满了所有工作进程，而当班的同事刚入职。\n"
            "我先在入口切断了重试，然后上线了带抖动的退避。我们没有选择扩大连接池，因为那只会把上限往后推。"
            "40 分钟后错误率从 31% 降到 1% 以下。"
        ),
        "quote": "我先在入口切断了重试",
        "second": (
            "三月我们的网关中断了 40 分钟，我负责指挥，还有两位同事。我在入口切断重试，写好退避并在十分钟内通过评审。"
            "错误率从 31% 降到 0.4%，之后我们每季度演练一次。"
        ),
        "labels": ("质量与可靠性", "设计与取舍", "学习成长"),
        "notice": "这是练习，不是录用结论。评分由固定规则得出，旁边列出 qwen2.5-coder-1.5b 的判断。",
        "summary": "共 3 题，其中 2 题可以评分。总体得分：3.2（满分 5 分）。",
        "why": "说清了步骤和先后，没有说谁同意了这样做。",
        "key_points": ["谁受了影响、你怎么知道的", "你自己迈出的第一步", "是什么让它没有再发生"],
        "met": "在压力下找到原因，并说明做了什么使它不再发生。",
        "fix": "你说“我们没有选择”：讲清这个决定里哪部分是你做的。",
        "stronger": "你自己的部分、放弃的方案，以及改动之后的一个数字。",
        "draft": (
            "三月的一个周五，我们的流式网关对 [你的数字] 名用户停止响应。"
            "我先在入口切断了重试，然后上线了带抖动的退避。"
            "错误率从 31% 降到 1% 以下。"
        ),
        "rating_note": "你给自己 4 分，规则给 3.4 分：相近。",
        "other": "如果要把模型的回答同时流式推送给 8000 名读者，你会怎么做？",
        "other_answer": "我会用 SSE，配一个带编号的日志，让读者从看到的最后一个编号继续。",
        "reason": "这一题你选择了跳过。",
        "skipped": "过去一年你学到的什么东西改变了你的工作方式？",
        "strengths": ["数字：“从 31% 降到 1% 以下”", "权衡：“没有选择扩大连接池”"],
        "improvements": ["讲清决定里哪部分是你做的。", "用数字说明设计要承受的负载。"],
        "next_drill": "用 90 秒把这次故障再讲一遍，每句话都以“我”开头。",
        "summary_again": "从 3.4 升到 4.1：你自己的部分清楚了，权衡却没有再提。",
        "job": "高级后端工程师（大模型平台）",
        "unjudged": "模型的回复无法读取。",
    },
}


def score(name: str, point: int, language: Language, **more: str) -> dict[str, Any]:
    texts = TEXTS[language]
    quote = texts["quote"] if point > 1 else ""
    return {
        "score": point,
        "anchor": texts["anchor"],
        "quote": quote,
        "label": LABELS[language][name],
        **more,
    }


def asked(language: Language = "en", **more: Any) -> dict[str, Any]:
    """A question's entry of a feedback: judged by rules and by a model, which differ in one dimension."""
    texts = TEXTS[language]
    return {
        "question_id": "behavioural-outage",
        "question": texts["question"],
        "format": "behavioural",
        "level": "senior",
        "competency": "quality",
        "competency_label": texts["labels"][0],
        "answer": texts["answer"],
        "rating": 4,
        "rating_note": texts["rating_note"],
        "source": "rules",
        "state": "scored",
        "overall": 3.4,
        "reason": "",
        "on_topic": True,
        "dimensions": {
            name: score(name, point, language)
            for name, point in zip(DIMENSIONS, (3, 4, 4, 3, 1, 5), strict=True)
        },
        "parts": {
            name: score(name, point, language)
            for name, point in (("situation", 4), ("task", 2), ("action", 3), ("result", 5))
        },
        "gaps": ["action"],
        "fix": texts["fix"],
        "stronger": texts["stronger"],
        "anchor": texts["met"],
        "key_points": texts["key_points"],
        "draft": texts["draft"],
        "judgement": {
            "state": "scored",
            "reason": "",
            "model": "qwen2.5-coder-1.5b",
            "overall": 3.0,
            "dimensions": {
                name: score(name, point, language, why=texts["why"])
                for name, point in zip(DIMENSIONS[:5], (3, 4, 3, 3, 3), strict=True)
            },
            "fix": texts["fix"],
            "draft": texts["draft"],
            "dropped_quotes": 1,
            "dropped_scores": 1,
        },
        "differ": ["pitfall"],
    } | more


def feedback(language: Language = "en") -> dict[str, Any]:
    """Three questions: one judged by both, one where the model's reply was unreadable, one that was skipped."""
    texts = TEXTS[language]
    unread = {
        "state": "not_scored",
        "reason": texts["unjudged"],
        "model": "qwen2.5-coder-1.5b",
        "dimensions": {},
    }
    return {
        "version": 2,
        "summary": texts["summary"],
        "overall": 3.2,
        "source": "rules+model",
        "model": "qwen2.5-coder-1.5b",
        "notice": texts["notice"],
        "language": language,
        "questions": [
            asked(language),
            asked(
                language,
                question_id="design-streaming",
                question=texts["other"],
                format="system_design",
                competency="design",
                competency_label=texts["labels"][1],
                answer=texts["other_answer"],
                rating=None,
                rating_note="",
                overall=3.0,
                dimensions={
                    name: score(name, point, language)
                    for name, point in zip(DIMENSIONS, (3, 4, 2, 2, 1, 4), strict=True)
                },
                parts={},
                judgement=unread,
                differ=[],
            ),
            asked(
                language,
                question_id="learning-year",
                question=texts["skipped"],
                format="competency",
                competency="learning",
                competency_label=texts["labels"][2],
                answer="",
                rating=None,
                rating_note="",
                state="not_answered",
                overall=None,
                reason=texts["reason"],
                dimensions={},
                parts={},
                fix="",
                stronger="",
                anchor="",
                draft="",
                judgement=None,
                differ=[],
            ),
        ],
        "competencies": [
            {"competency": name, "label": label, "overall": overall, "questions": 1}
            for name, label, overall in zip(
                ("quality", "design", "learning"), texts["labels"], (3.4, 3.0, None), strict=True
            )
        ],
        "strengths": texts["strengths"],
        "improvements": texts["improvements"],
        "next_drill": texts["next_drill"],
        "next_question_id": "behavioural-outage",
        "dropped_quotes": 1,
        "dropped_scores": 1,
    }


def again(language: Language = "en") -> dict[str, Any]:
    """A second attempt at the first question."""
    texts = TEXTS[language]
    points = zip(DIMENSIONS, (3, 4, 4, 3, 1, 5), (4, 4, 5, None, 3, 5), strict=True)
    return {
        "question_id": "behavioural-outage",
        "at": NOON + 3 * 3600,
        "answer": texts["second"],
        "question": asked(language, answer=texts["second"], overall=4.1, judgement=None, differ=[]),
        "compared": {
            "before": 3.4,
            "after": 4.1,
            "dimensions": [
                {"name": name, "label": LABELS[language][name], "before": old, "after": new, "quote": ""}
                for name, old, new in points
            ],
            "better": [LABELS[language]["layers"]],
            "worse": [LABELS[language]["trade_off"]],
            "summary": texts["summary_again"],
        },
    }


def entry(language: Language = "en", **more: Any) -> Entry:
    """An interview that is over, with feedback and a second attempt; `more` replaces fields."""
    told = feedback(language)
    turns = [
        {
            "number": number,
            "question_id": question["question_id"],
            "question": question["question"],
            "gap": None,
            "answer": question["answer"] or None,
            "skipped": not question["answer"],
            "rating": question["rating"],
            "asked_at": NOON + 300 * number,
            "answered_at": NOON + 300 * number + 120,
        }
        for number, question in enumerate(told["questions"], 1)
    ]
    made = Entry(
        session_id="s-0001",
        begun_at=NOON,
        updated_at=NOON + 3 * 3600,
        state="complete",
        language=language,
        format="mixed",
        level="senior",
        mode="practice",
        model="practice",
        question_count=3,
        job_title=TEXTS[language]["job"],
        turns=turns,
        feedback=told,
        again=[again(language)],
    )
    return replace(made, **more)


def scored(number: int, **overall: float) -> Entry:
    """The `number`th interview of a series, a day each, with one scored question a competency."""
    questions = [
        asked(question_id=f"{competency}-{number}", competency=competency, overall=found)
        for competency, found in overall.items()
    ]
    at = NOON + number * DAY
    return entry(
        session_id=f"s-{number:04}",
        begun_at=at,
        updated_at=at + 1800,
        turns=[],
        feedback=feedback() | {"questions": questions},
        again=[],
    )
