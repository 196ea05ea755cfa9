"""What a refusal means: the words and codes of a server as one of sisimai's reasons, with the evidence that gave it."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.mail.phrases import plain, table

_ADDRESS = re.compile(r"<?[^\s<>()\[\],;:\"]{1,100}@[^\s<>()\[\],;:\"]{1,200}>?")
_LINK = re.compile(r"\bhttps?://([\w.-]+)\S*", re.IGNORECASE)
_ENHANCED = re.compile(r"(?<![\d.])#?([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.\-:/])([45]\d\d)(?=[\s\-:)#]|$)")
# These say only what is said more exactly behind them.
_PREFIXES = re.compile(
    r"(?<!5\.4\.1 )(?:all )?recipient(?:s)? (?:address(?:es)? )?(?:was |were )?rejected\s*:\s*(?=\S)", re.IGNORECASE
)
_LONGEST = 1_500

# Reasons read from loose words; a code that says something particular is the better witness.
_WEAK = frozenset({"policyviolation", "systemerror", "syntaxerror", "networkerror", "expired", "mailererror"})
_SAYS_NOTHING = frozenset({"0.0", "5.0", "0.1"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why, in sisimai's word, whether to try again, and the words or code that said so."""

    reason: str
    kind: str
    evidence: str


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rules: list[dict[str, Any]] = table("refusal")["rule"]
    return tuple((rule["reason"], re.compile("|".join(rule["words"]), re.IGNORECASE)) for rule in rules)


def said(text: str) -> str:
    """A server's words without what could mislead: addresses, links, line breaks."""
    one_line = re.sub(r"\s+", " ", plain(text[: 2 * _LONGEST]))
    return _PREFIXES.sub("", _LINK.sub(r"\1", _ADDRESS.sub("@", one_line)))[:_LONGEST].strip()


def by_words(text: str) -> tuple[str, str] | None:
    """(reason, the words that gave it) by the first rule that matches."""
    for reason, words in _rules():
        if found := words.search(text):
            return reason, found[0]
    return None


def enhanced_code(text: str) -> str:
    """The last two numbers of the first enhanced status code of a failure, such as "1.1"; empty without one."""
    codes = [f"{int(subject)}.{int(detail)}" for grade, subject, detail in _ENHANCED.findall(text) if grade != "2"]
    telling = [code for code in codes if code not in _SAYS_NOTHING]
    return (telling or codes or [""])[0]


def reply_code(text: str) -> str:
    """The first three-digit reply of a failure; empty without one."""
    found = _REPLY.search(text)
    return found[1] if found else ""


def judge(statements: list[str], *, text: str = "", status: str = "", delayed: bool = False) -> Refusal:
    """The reason from the servers' statements, the most direct first, the report's status field, and last the whole text."""
    reason, evidence = _reason(statements, status, text)
    if reason == "hostunknown" and _is_temporary(statements, status):
        # Who looks a name up in vain "for now" met a fault of the network, not a missing domain.
        reason = "networkerror"
    if delayed and reason in {"onhold", "undefined"}:
        reason = "expired"
    return Refusal(
        reason, kind_of(reason, temporary=delayed or _is_temporary(statements, status), delayed=delayed), evidence
    )


def _reason(statements: list[str], status: str, whole: str) -> tuple[str, str]:
    weak: tuple[str, str] | None = None
    for statement in statements:
        text = said(statement)
        if not text:
            continue
        code = by_code(enhanced_code(text))
        words = by_words(text)
        if words and not (code and _outdone(words[0], code[0])):
            if words[0] not in _WEAK:
                return words
            weak = weak or words
        elif code:
            return code
    if (found := by_code(enhanced_code(status))) and not (weak and found[0] in _WEAK):
        return found
    if weak:
        return weak
    if whole and (words := by_words(said(whole))):
        return words
    replies: dict[str, str] = table("status")["reply"]
    for statement in statements:
        code_of_reply = reply_code(said(statement))
        if code_of_reply in replies:
            return replies[code_of_reply], code_of_reply
    return "onhold", ""


def _outdone(by_words: str, by_code: str) -> bool:
    """Whether the code is the better witness: the words are loose, or they call an unknown address unavailable."""
    return (by_words in _WEAK and by_code not in _WEAK) or (by_words == "suspend" and by_code == "userunknown")


def by_code(code: str) -> tuple[str, str] | None:
    """(reason, code) of an enhanced status code that says something particular."""
    codes: dict[str, str] = table("status")["code"]
    if code in _SAYS_NOTHING or not code:
        return None
    reason = codes.get(code) or ("securityerror" if code.startswith("7.") else "")
    return (reason, code) if reason else None


def kind_of(reason: str, *, temporary: bool = False, delayed: bool = False) -> str:
    """hard, soft or policy, by the reason's family."""
    if delayed or (temporary and reason == "notaccept"):
        return "soft"
    kinds: dict[str, list[str]] = table("status")["kind"]
    return next((kind for kind, reasons in kinds.items() if reason in reasons), "soft")


def _is_temporary(statements: list[str], status: str) -> bool:
    for text in [*statements, status]:
        if found := re.search(r"(?<![\d.])([45])(?:\d\d[\s-]|\.\d{1,3}\.\d{1,3})", text):
            return found[1] == "4"
    return False
