"""Bytes of a text file into characters, and any text into a clean one. Pure, and linear in its length."""

from __future__ import annotations

import codecs
import re
import unicodedata

from mockmate_nb.interview.document_fault import Unreadable

INTERVIEW_READS = 60_000  # characters of one text
MAX_CHARACTERS = 4 * INTERVIEW_READS  # more than a person would cut by hand
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LINE_END = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
SPACES = re.compile(r"(?<=\S) {3,}")
BLANKS = re.compile(r"\n{3,}")
BULLETS = "•●▪■◆▶►‣◦○⁃∙·➢➤✓✔★☆◇□▸❖\uf0b7\uf0a7\uf0d8\uf0fc\uf0a8\uf076"
BULLET = re.compile(rf"^([ ]*)[{BULLETS}] *(?=\S)", re.MULTILINE)
LONE_BULLET = re.compile(rf"^( *)[{BULLETS}] *\n+ *(?=\S)", re.MULTILINE)
HYPHENATED = re.compile(r"([^\W\d_]{2,30})[-\u2010]\n[ ]{0,8}([a-zà-ÿ]{2,30})")
SOFT_HYPHEN = re.compile("\u00ad[ ]*\n?[ ]{0,8}")
KEPT = (  # what keeps its hyphen at a line's end
    r"real|high|low|full|well|self|long|short|cross|end|multi|open|back|front|large|small|near|non|post|co|time|data|event"
    r"|test|user|customer|server|client|machine|fault|peer|state|type|thread|cloud|cost|of|to|and|in|on|off"
)
KEEPS = re.compile(rf"(?:{KEPT})", re.IGNORECASE)
RADICALS = dict(  # that some programs write in place of the characters, and that Unicode does not tie to them
    zip(
        "⻓⻔⻋⻛⻚⻅⻉⻢⻥⻦⻬⻮⻰⻜⻘⻣⻤⻩⻄⻆⻙⻨⺠⻁⻑⺟⻝⻪⼾",
        "长门车风页见贝马鱼鸟齐齿龙飞青骨鬼黄西角韦麦民虎長母食黾户",
        strict=True,
    )
)
HAN = "\u3400-\u4dbf\u4e00-\u9fff"
CLOSED = re.compile(r"[.!?:;。！？：；…][\"'”’）)]?$")
OPENS = re.compile(r"\s*(?:[-*+#>|•]|\(?\d{1,2}[.)、)）]|[一二三四五六七八九十]{1,3}、|(?:19|20)\d\d\D|【)")
DATED = re.compile(r"(?:(?:19|20)\d\d|present|至今)\s?[)）]?$", re.IGNORECASE)
NARROW = 16  # columns; a shorter line was cut by nothing
FULL_LINE = 0.7  # of the widest line: a shorter one was ended by its author, not by the page
COMMON_HAN = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严龙飞简历职位岗责任求招聘熟悉练掌握负架码优项目开"
)


def too_long(count: str) -> Unreadable:
    """The fault of a text of `count` characters."""
    return Unreadable("long", count=count, limit=f"{INTERVIEW_READS:,}")


def decoded(raw: bytes) -> str | None:
    """The characters of a text file in UTF-8, UTF-16, UTF-32, GB18030 or Windows-1252; None where it is none."""
    for mark, name in BOMS:
        if raw.startswith(mark):
            return _if_text(raw[len(mark) :].decode(name, "replace"))
    if raw.count(0) * 50 < len(raw):  # a few stray ones are cleaned away
        try:
            return _if_text(raw.decode("utf-8"))
        except UnicodeDecodeError as fault:
            if fault.start >= len(raw) - 3:  # a file that was cut in mid-character
                return _if_text(raw.decode("utf-8", "replace"))
    wide = [text for name in ("utf-16-le", "utf-16-be") if (text := _wide(raw, name)) is not None]
    if wide:
        return max(wide, key=_likeness)
    if 0 in raw:
        return None
    return _if_text(_single(raw))


def cleaned(text: str) -> str:
    """`text` with plain line ends and spaces, bullets as "-", and nothing that does not show.

    Paragraphs, indents and list marks stay; ligatures are spelt out; two or more blank lines become one.
    """
    text = LINE_END.sub("\n", SOFT_HYPHEN.sub("", text)).expandtabs(4)
    text = text.translate(_Shown())
    text = unicodedata.normalize("NFC", text)
    text = PRIVATE.sub("", BULLET.sub(r"\1- ", LONE_BULLET.sub(r"\1- ", text)))
    lines = [SPACES.sub("  ", line.rstrip()) for line in text.split("\n")]
    return BLANKS.sub("\n\n", "\n".join(lines)).strip("\n")


def unwrapped(text: str) -> str:
    """A page's lines joined to the paragraphs they were before the page cut them, hyphenated words too."""
    words = frozenset(re.findall(r"[^\W\d_]{2,30}(?:-[^\W\d_]{2,30})?", text.lower()))

    def whole(match: re.Match[str]) -> str:
        first, rest = match.groups()
        hyphened = f"{first}-{rest}".lower()
        kept = hyphened in words or KEEPS.fullmatch(first) or first.isupper()
        if kept and (first + rest).lower() not in words:
            return f"{first}-{rest}"
        return first + rest

    blocks = HYPHENATED.sub(whole, text).split("\n\n")
    page = max(2.0 * NARROW, FULL_LINE * max(_width(line) for block in blocks for line in block.split("\n")))
    return "\n\n".join(_joined(block.split("\n"), page) for block in blocks)


def _joined(lines: list[str], page: float) -> str:
    """A block's lines; one as wide as the page's goes on in the next, one as wide as its column's may."""
    column = max(NARROW, FULL_LINE * max(map(_width, lines)))
    joined: list[str] = []
    width = 0.0  # of the last line as the page had it
    for line in lines:
        if joined and _goes_on(joined[-1], line, width >= page, width >= column):
            glue = (
                "" if re.search(f"[{HAN}，、；（]$", joined[-1]) or re.match(f"[{HAN}，、）]", line) else " "
            )
            joined[-1] += glue + line.strip()
        else:
            joined.append(line)
        width = _width(line)
    return "\n".join(joined)


def _goes_on(line: str, following: str, page_wide: bool, column_wide: bool) -> bool:
    """Whether `following` is the rest of `line`, which an edge cut."""
    if not following.strip() or not line.strip() or OPENS.match(following):
        return False
    if line.lstrip().startswith("#") or CLOSED.search(line) or DATED.search(line):
        return False
    first = following.strip()[0]
    amid = (first.islower() or first in "0123456789(") and line.rstrip()[-1:] not in "|/"
    return page_wide or (amid and column_wide)


def _width(line: str) -> float:
    """In columns; Chinese characters take two."""
    return sum(2 if "\u2e80" <= c <= "\uffee" else 1 for c in line.strip())


class _Shown(dict[int, str | int | None]):
    """What becomes of a character, found when it is first met."""

    def __missing__(self, code: int) -> str | int | None:
        self[code] = found = _shown(code)
        return found


def _shown(code: int) -> str | int | None:
    if code == 10:
        return code
    char = chr(code)
    kind = unicodedata.category(char)
    if kind == "Zs":
        return " "
    if kind in ("Cc", "Cf", "Cn"):
        return None
    if kind == "Cs":
        return "\ufffd"
    if char in RADICALS:
        return RADICALS[char]
    if 0xFB00 <= code <= 0xFB06 or 0x2E80 <= code <= 0x2FDF:  # ligatures; radicals in place of characters
        return unicodedata.normalize("NFKC", char)
    return code


PRIVATE = re.compile("[\ue000-\uf8ff]+ ?")


def _wide(raw: bytes, name: str) -> str | None:
    if len(raw) % 2 or len(raw) < 4:
        return None
    try:
        text = raw.decode(name)
    except UnicodeDecodeError:
        return None
    return text if _likeness(text) > 0.9 else None


def _likeness(text: str) -> float:
    """The share of characters that a text in English or Chinese is made of."""
    sample = text[:4000]
    likely = sum(c in "\n\r\t" or " " <= c <= "~" or c in COMMON_HAN or c in "，。、：；（）" for c in sample)
    rare = sum("\u4e00" <= c <= "\u9fff" for c in sample) - sum(c in COMMON_HAN for c in sample)
    return (likely + 0.5 * rare) / max(1, len(sample))


def _single(raw: bytes) -> str:
    """GB18030 where it reads as Chinese, else Windows-1252, which reads anything."""
    try:
        chinese = raw.decode("gb18030")
    except UnicodeDecodeError:
        chinese = raw[:-1].decode("gb18030", "replace")
    han = [c for c in chinese[:20_000] if c > "\x7f"]
    common = sum(c in COMMON_HAN or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uffef" for c in han)
    if han and common * 2 >= len(han) and "\ufffd" not in chinese:
        return chinese
    return raw.decode("cp1252", "replace")


def _if_text(text: str) -> str | None:
    """`text`, None where too much of it is no text: control characters, and what could not be decoded."""
    sample = text[:20_000]
    odd = sum((c < " " and c not in "\n\r\t\f\v\b") or c == "\ufffd" or c == "\x7f" for c in sample)
    return None if odd * 20 > len(sample) else text
