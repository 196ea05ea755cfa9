"""What a person newly wrote in a reply: without the quoted mail, the line that introduces it, signature and device lines."""

import re
from dataclasses import dataclass

from core.mail.html_text import as_text
from core.mail.parsing import Mail
from core.mail.phrases import pattern

_MOST_LINES = 4_000
_LONGEST_LINE = 1_000
_LONGEST_INTRODUCTION = 400
_LINES_OF_AN_INTRODUCTION = 4
_LINES_OF_A_FOOTER = 7

_QUOTED = re.compile(r"^\s{0,4}(?:>|\|\s?>|&gt;)")
_SIGNATURE = re.compile(r"^\s*(?:--|—|––|—-|-—|_{2})\s*$")
_ONLY_DASHES = re.compile(r"^\s*[*_]*[-_=–—]{5,}[*_]*\s*$")
_DIGIT = re.compile(r"\d")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*|\[mailto:")
_COLON = re.compile(r"[:：]\s*>?\s*$")
_DATED_START = re.compile(
    r"^\s*(?:\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.?\s+[^\W\d_]{3,12}\.?,?\s+\d{4})"
)
_DATED_LINE = re.compile(
    r"^\s*\d{4}[-/]\d{1,2}[-/]\d{1,2}\s.{0,100}<[^<>\s]+@[^<>\s]+>\s*:?\s*$|^\s*\d{4}-\d{2}-\d{2}\s+\d{1,2}:\d{2}\s+(?:GMT|UTC)?[+-]\d{2}:?\d{2}\s+\S.{0,120}$"
)
_GREETING = re.compile(
    r"^\s*(?:hi|hello|hey|dear|hallo|guten|liebe[rs]?|sehr geehrte|bonjour|salut|ch[eè]re?|hola|estimad|buen[oa]s|ciao|gentile|buongiorno|ol[áa]|prezad|bom dia|"
    r"beste|dag|hej|hei|kära|dzień|witam|szanown|dobrý|здравствуйте|добрый|уважаем|привет|merhaba|sayın|您好|你好)\b.{0,60}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """`text` is what is shown; `own` leaves out the quoted lines that stand between typed ones."""

    text: str
    own: str


def reply_of(mail: Mail) -> Reply:
    """The reply in a mail, from its plain text, else from its HTML."""
    return trimmed(body_text(mail))


def body_text(mail: Mail) -> str:
    """The mail's own text with its quotations."""
    plain = "\n".join(part.text for part in mail.text_parts("text/plain") if part.text.strip())
    if plain.strip():
        return plain
    for part in mail.text_parts("text/html"):
        if text := as_text(part.text).strip():
            return text
    return ""


def own_words(text: str) -> str:
    """The new text of a plain reply; empty when there is none."""
    return trimmed(text).own


def trimmed(text: str) -> Reply:
    """Take away whatever a plain text quotes, introduces or signs by itself."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\u200b", "")
    lines = [line[:_LONGEST_LINE].rstrip() for line in text.split("\n")[:_MOST_LINES]]
    kinds = _kinds(lines)
    lines, kinds = _without_signature(lines, kinds)
    lines, kinds = _without_devices(lines, kinds)
    lines, kinds = _without_earlier_mail(lines, kinds)
    own = "\n".join(line for line, kind in zip(lines, kinds, strict=True) if kind in "te")
    if "t" not in kinds and all(not line.strip("> ") or _is_introduction(line.lstrip("> ")) for line in lines[:20]):
        return Reply("", "")
    return Reply(text=_joined(lines), own=_joined(own.split("\n")))


def _joined(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n").rstrip()


def _kinds(lines: list[str]) -> str:
    """One letter a line: text, empty, quoted, introduction, header, device, signature mark, dashes."""
    kinds = [_kind(line) for line in lines]
    at = 0
    while at < len(lines):
        length = _introduction_at(lines, kinds, at)
        if length:
            kinds[at : at + length] = ["i"] * length
        at += length or 1
    _mark_headers(lines, kinds)
    return "".join(kinds)


def _kind(line: str) -> str:
    if not line.strip(" \t\u1427\u00ad\u2800"):
        return "e"
    if _QUOTED.match(line):
        return "q"
    if _SIGNATURE.match(line):
        return "g"
    if _ONLY_DASHES.match(line):
        return "_"
    if pattern("quotation", "delimiter", shape=r"^\W{0,40}{}\W{0,40}$").match(line):
        return "i"
    if (
        len(line) < 90
        and pattern("quotation", "device", shape=r"^[\s*_\[(]{0,4}{}[\s*_\])]{0,4}$").match(line)
        and not line.rstrip().endswith("?")
    ):
        return "d"
    if _DATED_LINE.match(line):
        return "i"
    return "t"


def _introduction_at(lines: list[str], kinds: list[str], at: int) -> int:
    """How many lines an introduction takes that begins there; 0 when none does."""
    if kinds[at] != "t" or not _may_begin_introduction(lines[at]):
        return 0
    joined = ""
    broken = bool(_CLOCK.search(lines[at])) and _begins_introduction(lines[at])
    for length in range(1, (2 if broken else 1) * _LINES_OF_AN_INTRODUCTION + 1):
        end = at + length
        if (
            end > len(lines)
            or kinds[end - 1] not in ("tqe" if broken else "tq")
            or (length > 1 and _begins_introduction(lines[end - 1]))
        ):
            return 0
        following = lines[end - 1]
        joined += following if length == 1 else " " + following.lstrip("> ")
        if len(joined) > _LONGEST_INTRODUCTION:
            return 0
        if _is_introduction(joined):
            return length
    return 0


def _begins_introduction(line: str) -> bool:
    """A date, or "On" and a date, at the start of the line."""
    opening = line[:60]
    return bool(_DATED_START.match(line)) or bool(_DIGIT.search(opening) and _opens(line))


def _opens(line: str) -> bool:
    return bool(
        pattern("quotation", "begins.words", shape=r"^[\s>*_\-]{0,8}{}(?:[\s,.、]|(?<=[在於于]))").match(line)
        or pattern("quotation", "begins.days", shape=r"^[\s>*_\-]{0,8}{}\.?(?:,\s|\s?\d)").match(line)
        or pattern("quotation", "begins.clock", shape=r"^[\s>*_\-]{0,8}{}").match(line)
    )


def _may_begin_introduction(line: str) -> bool:
    return bool(
        _DATED_START.match(line)
        or _opens(line)
        or _ADDRESS.search(line)
        or (_COLON.search(line) and pattern("quotation", "wrote", shape=r"{}\s*[:：]\s*$").search(line))
    )


def _is_introduction(text: str) -> bool:
    if not _COLON.search(text):
        return False
    dated, addressed = bool(_DIGIT.search(text)), bool(_ADDRESS.search(text))
    if pattern("quotation", "wrote", shape=r"(?<![^\W_]){}(?![^\W\d_]).{0,160}[:：]\s*$").search(text):
        return dated or addressed
    return _begins_introduction(text) and addressed and len(text) < 250


def _mark_headers(lines: list[str], kinds: list[str]) -> None:
    """Mark blocks of at least three header lines above an earlier mail, folded lines included."""
    labelled = [_label(line) if kind in "tq" else "" for line, kind in zip(lines, kinds, strict=True)]
    at = 0
    while at < len(lines):
        if not labelled[at] or kinds[at] != "t":
            at += 1
            continue
        end, names, gaps = at, set(), 0
        while end < len(lines) and end - at < 30:
            if labelled[end]:
                names.add(labelled[end])
                gaps = 0
            elif kinds[end] == "e":
                if not any(labelled[end + 1 : end + 2]):
                    break
            elif kinds[end] == "t" and gaps < 2 and _follows_header(lines, labelled, end):
                gaps += 1
            else:
                break
            end += 1
        if len(names & {"from", "sent", "to", "subject"}) >= 3 or (len(names) >= 3 and "from" in names):
            kinds[at:end] = ["h"] * (end - at)
            at = end
        else:
            at += 1


def _follows_header(lines: list[str], labelled: list[str], at: int) -> bool:
    """Whether an unlabelled line continues the header above it: another header comes within two lines."""
    return any(labelled[at + 1 : at + 3]) or lines[at].startswith((" ", "\t"))


_LABELS = ["from", "sent", "to", "subject", "other"]


def _label(line: str) -> str:
    if ":" not in line[:40] and "：" not in line[:40]:
        return ""
    for name in _LABELS:
        if pattern("quotation", f"label.{name}", shape=r"^[\s>|]{0,6}[*_]{0,2}{}[*_]{0,2}\s{0,4}[:：]").match(line):
            return name
    return ""


def _without_signature(lines: list[str], kinds: str) -> tuple[list[str], str]:
    """Cut at the first signature mark that has text above it."""
    for at, kind in enumerate(kinds):
        if kind == "g" and "t" in kinds[:at]:
            return lines[:at], kinds[:at]
    return lines, kinds.replace("g", "t")


def _without_devices(lines: list[str], kinds: str) -> tuple[list[str], str]:
    kept = [(line, kind) for line, kind in zip(lines, kinds, strict=True) if kind != "d"]
    if not any(kind in "tq" for _, kind in kept):
        return lines, kinds.replace("d", "t") if "t" in kinds else kinds
    return [line for line, _ in kept], "".join(kind for _, kind in kept)


def _without_earlier_mail(lines: list[str], kinds: str) -> tuple[list[str], str]:
    kinds = _dashes_resolved(kinds)
    start = re.search(r"[ih]", kinds)
    above = kinds[: start.start()] if start else kinds
    if start and "t" in above:
        return _answer_above(lines, kinds, start.start())
    if start:
        lines, kinds = _answer_below(lines, kinds)
    return _without_last_quotation(*_without_markers(lines, kinds))


def _dashes_resolved(kinds: str) -> str:
    """A line of dashes belongs to the header or introduction that follows it, else it is text."""
    kinds = re.sub(r"_(?=[e_]*[ih])", "i", kinds)
    return kinds.replace("_", "t")


def _answer_above(lines: list[str], kinds: str, start: int) -> tuple[list[str], str]:
    """Text stands above the earlier mail: keep what is above, and below only a real conversation between quoted lines."""
    rest = kinds[start:]
    unquoted = re.match(r"[ih][ihe]*t", rest)
    above_is_greeting = kinds[:start].count("t") == 1 and bool(
        _GREETING.match(next(line for line, k in zip(lines, kinds, strict=True) if k == "t"))
    )
    if "h" in re.match(r"[ihe]*", rest)[0]:  # type: ignore[index]
        return lines[:start], kinds[:start]
    if unquoted and not above_is_greeting:
        return lines[:start], kinds[:start]
    tail = (
        re.fullmatch(r"[ihqe]*(t?[te]*)(?:[qe]*)", rest) if above_is_greeting else re.fullmatch(r"[ihqe]*([te]*)", rest)
    )
    if tail and not above_is_greeting and tail[1].count("t") < _LINES_OF_A_FOOTER:
        return _without_last_quotation(lines[:start], kinds[:start])
    if above_is_greeting and tail:
        return lines[:start] + lines[start + tail.start(1) : start + tail.end(1)], kinds[:start] + tail[1]
    later_header = re.search(r"t[eq]*h", rest)
    if later_header:
        end = start + later_header.end() - 1
        lines, kinds = lines[:end], kinds[:end]
    return _without_last_quotation(*_without_markers(lines, kinds))


def _answer_below(lines: list[str], kinds: str) -> tuple[list[str], str]:
    """The earlier mail comes first. Where one quotation is followed by text only, the text is the answer."""
    if below := re.fullmatch(r"([ihe]*[ih][ihqe]*)(t[te]*)(?:[ih][ihqe]*|[qe]*)?", kinds):
        return lines[below.start(2) : below.end(2)], below[2]
    if late := re.search(r"t[eq]*h", kinds):
        end = late.end() - 1
        return lines[:end], kinds[:end]
    return lines, kinds


def _without_markers(lines: list[str], kinds: str) -> tuple[list[str], str]:
    kept = [(line, kind) for line, kind in zip(lines, kinds, strict=True) if kind not in "ih"]
    return [line for line, _ in kept], "".join(kind for _, kind in kept)


def _without_last_quotation(lines: list[str], kinds: str) -> tuple[list[str], str]:
    if "t" in kinds:
        end = kinds.rindex("t") + 1
        return lines[:end], kinds[:end]
    return lines, kinds
