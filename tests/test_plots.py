"""Pictures of scores: readable without colour, in every language, and the same bytes each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockmate_nb.drawing import width_of
from mockmate_nb.errors import CallerError
from mockmate_nb.interview.record import Progress, progress_of
from mockmate_nb.plots import WIDTH, in_words, radar, svg, trend, trend_in_words

SIX = {
    "Layers": 3.5,
    "Detail": 4.0,
    "Real example": None,
    "Trade-off": 2.0,
    "Pitfall met": 1.0,
    "Figures": 5.0,
}
CHINESE = {"层次": 3.5, "细节": 4.0, "真实案例": 2.0, "权衡": 2.0, "踩过的坑": 1.0, "数字": 5.0}
NAMES = {"quality": "Quality and reliability", "learning": "学习成长"}
LABEL = st.text(min_size=1, max_size=60)


def drawn(scores: Mapping[str, float | None], before: Mapping[str, float | None] | None = None) -> ET.Element:
    return ET.fromstring(svg(radar(scores, before=before), "alt"))  # noqa: S314 - our own picture


def texts(picture: ET.Element) -> list[str]:
    return [element.text or "" for element in picture.iter("{http://www.w3.org/2000/svg}text")]


def lines(picture: ET.Element, **marks: str | None) -> int:
    paths = picture.iter("{http://www.w3.org/2000/svg}path")
    return sum(
        all(path.get(name.replace("_", "-")) == value for name, value in marks.items()) for path in paths
    )


def rows(*series: tuple[str, list[float]]) -> list[Progress]:
    return progress_of(
        (name, 1e9 + 86400 * at, score) for name, scores in series for at, score in enumerate(scores)
    )


def test_every_label_stands_with_its_value() -> None:
    assert {"Layers", "3.5", "Trade-off", "2", "Figures", "5"} <= set(texts(drawn(SIX)))


def test_a_dimension_without_a_score_is_a_gap_and_not_a_zero() -> None:
    whole, open_ = drawn({**SIX, "Real example": 2.0}), drawn(SIX)
    accent = {"stroke": "#3a7fc1", "fill": "none"}
    assert "–" in texts(open_)
    assert lines(whole, **accent) - lines(open_, **accent) == 2, "both lines that would lead to it"
    assert lines(whole, fill="#3a7fc1") - lines(open_, fill="#3a7fc1") == 2, "its mark, and the filled shape"


def test_before_and_after_can_be_told_apart_without_colour() -> None:
    alone, both = drawn(CHINESE), drawn(CHINESE, {"层次": 2.0, "细节": 3.0, "真实案例": None})
    dashed = [path for path in both.iter() if path.get("stroke-dasharray")]
    assert not [path for path in alone.iter() if path.get("stroke-dasharray")]
    assert len(dashed) == 1, "one line, as the others lead to nothing"
    assert {"2 → 3.5", "3 → 4", "– → 2"} <= set(texts(both))


def test_chinese_stays_text_in_the_fonts_of_the_page() -> None:
    picture = svg(radar(CHINESE), "alt")
    assert all(label in picture for label in CHINESE)
    assert "font-family" not in picture


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert svg(radar(SIX, before=SIX), "a") == svg(radar(SIX, before=SIX), "a")
    figure = trend(rows(("quality", [1, 2, 3])), NAMES)
    assert svg(figure, "a") == svg(figure, "a"), "and drawing changes nothing about it"


def test_two_pictures_share_a_page_without_touching_it() -> None:
    picture = svg(radar(SIX), "alt")
    assert not re.search(r"\sid=|<style|<script|href|url\(|<defs|xlink", picture)
    assert not {"#ffffff", "#fff"} & set(re.findall(r'fill="(#\w+)"', picture)), "the page's own paper shows"
    assert 'stroke="currentColor"' in picture


def test_no_setting_of_matplotlib_is_changed() -> None:
    before = dict(mpl.rcParams)
    svg(radar(CHINESE, title="标题"), "alt")
    assert dict(mpl.rcParams) == before


@given(label=LABEL, alt=st.text(max_size=60))
def test_hostile_labels_are_text(label: str, alt: str) -> None:
    hostile = f"<script>{label}</script>$x^2$"
    picture = svg(radar({hostile: 3.0, "b": None, "c": 2.0}), alt + '"><img src=x onerror=alert(1)>')
    assert "<script" not in picture
    assert "<img" not in picture
    assert set(re.findall(r"<(\w+)", picture)) == {"svg", "path", "text"}
    ET.fromstring(picture)  # noqa: S314 - our own picture


def test_labels_keep_within_the_picture() -> None:
    long = {
        "Requirements": 3.0,
        "Failure and recovery": 2.0,
        "High-level design": 4.0,
        "一个特别特别长的维度名称": 1.0,
    }
    for element in drawn(long | SIX).iter("{http://www.w3.org/2000/svg}text"):
        wide = width_of(element.text or "", float(element.get("font-size", "0")))
        at = float(element.get("x", "0"))
        left = at - {"middle": wide / 2, "end": wide}.get(element.get("text-anchor", ""), 0)
        assert left >= -4, element.text
        assert left + wide <= WIDTH + 4, element.text


def test_letters_are_large_enough_on_a_small_screen() -> None:
    picture = ET.fromstring(svg(trend(rows(("quality", [1, 2, 3]), ("learning", [2])), NAMES), "alt"))  # noqa: S314 - ours
    assert picture.get("width") == str(WIDTH)
    assert min(float(e.get("font-size", "0")) for e in picture.iter("{http://www.w3.org/2000/svg}text")) >= 9


def test_a_row_shows_name_latest_range_and_where_it_goes() -> None:
    picture = svg(trend(rows(("quality", [2, 2.5, 3, 4]), ("learning", [4, 3, 2])), NAMES), "alt")
    for said in ("Quality and", "reliability", "4 ↑", "2–4", "学习成长", "2 ↓", "2001-09-"):
        assert said in picture


def test_a_picture_is_read_aloud_in_words() -> None:
    assert in_words(SIX, "en").startswith("Scores of 5. Layers: 3.5; Detail: 4; Real example: not scored;")
    assert (
        in_words({"数字": 4.0}, "zh", before={"数字": None})
        == "得分（满分 5 分）。数字：之前 未评分，现在 4。"
    )
    said = trend_in_words(rows(("quality", [2, 2.5, 4]), ("learning", [3])), NAMES, "en")
    assert "Quality and reliability: from 2 to 4 over 3 interviews, latest 4, rising" in said
    assert "学习成长: 3 in one interview" in said
    assert 'role="img" aria-label="a &quot;b&quot;"' in svg(radar(SIX), 'a "b"')


@pytest.mark.parametrize("count", range(1, 12))
def test_any_number_of_spokes_and_of_interviews(count: int) -> None:
    scores: dict[str, float | None] = {f"label {at}": 1 + at % 5 for at in range(count)}
    assert len(texts(drawn(scores))) >= 2 * count
    assert svg(trend(rows(("quality", [1 + at % 5 for at in range(count * 20)])), NAMES), "alt")


@pytest.mark.parametrize("scores", [{}, {"a": 5.1}, {"a": -1.0}, {"a": float("nan")}], ids=str)
def test_what_is_no_score_is_not_drawn(scores: dict[str, float | None]) -> None:
    with pytest.raises(CallerError):
        radar(scores)


def test_no_progress_is_no_picture() -> None:
    with pytest.raises(CallerError):
        trend([], {})
