"""What must not leave in a mail: merge fields nobody filled in, leftovers of a template, links that mislead, secrets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True)
class Flaw:
    """`rule` names the kind; `said` is for the person who wrote the text, and never repeats a secret."""

    rule: str
    said: str


def first_flaw(subject: str, body: str) -> Flaw | None:
    return next(flaws(subject, body), None)


def flaws(subject: str, body: str) -> Iterator[Flaw]:
    """All that is wrong with the text, worst first."""
    for place, text in (("subject", subject), ("text", body)):
        for kind, found in _secrets(text):
            yield Flaw("secrets", f"the {place} holds what looks like {kind} ({found}): take it out")
    for place, text in (("subject", subject), ("text", body)):
        for found in _merge_fields(text):
            yield Flaw("merge_fields", f"the {place} still has {found} in it: put the real words there")
        for found in _leftovers(text):
            yield Flaw("leftovers", f"the {place} still says {found}: finish it")
        for why in _links(text):
            yield Flaw("links", f"{why} (in the {place})")


# Each of these finds its text in one pass: no part of it can match in more than one way.
_PLACEHOLDER = (
    "name|first ?name|last ?name|full ?name|company|company ?name|date|day|time|title|link|url|price|amount|city|role|"
    "industry|product|topic|email|phone|sender|recipient|contact|position|event|number|"
    "(?:your|insert|enter|add|their|the|client|customer|prospect)[ _-][a-z _-]{1,40}"
)
_MERGE_FIELDS = (
    re.compile(r"\{\{[#/^&>!]? ?[A-Za-z_][\w .|:'\"-]{0,60}\}\}"),  # {{ first_name }}
    re.compile(r"\{%-? ?[a-z]{1,20}[^%\n]{0,80}%\}"),  # {% if x %}
    re.compile(r"(?<![\w{$])\{[A-Za-z_][A-Za-z0-9_.]{0,40}\}(?!\})"),  # {first_name}
    re.compile(r"\$\{[A-Za-z_][\w.]{0,40}\}"),  # ${first_name}
    re.compile(r"\*\|[A-Z_]{2,30}(?::[^|\n]{0,40})?\|\*"),  # *|FNAME|*
    re.compile(r"%%?[A-Z]+_?[A-Z_]{2,30}%%?"),  # %FIRST_NAME%
    re.compile(r"<<? ?(?:first|last|full|company)[ _-]?name ?>?>", re.IGNORECASE),  # <<first name>>
    re.compile(rf"\[(?:{_PLACEHOLDER})\]", re.IGNORECASE),  # [NAME], [your company]
)


def _merge_fields(text: str) -> Iterator[str]:
    for pattern in _MERGE_FIELDS:
        for found in pattern.finditer(text):
            yield found[0]


_LEFTOVERS = (
    re.compile(r"\bTODO\b|\bFIXME\b|\bTBD\b|\bTK TK\b"),
    re.compile(r"\bX{3,}\b(?![LS])"),
    re.compile(r"\blorem ipsum\b", re.IGNORECASE),
    re.compile(r"\b(?:undefined|None|null|NaN),|\bHi (?:undefined|None|null)\b"),
    re.compile(r"\[object Object\]"),
)


def _leftovers(text: str) -> Iterator[str]:
    for pattern in _LEFTOVERS:
        for found in pattern.finditer(text):
            yield f"“{found[0].rstrip(',')}”"


_SECRETS = (
    ("a private key", re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----")),
    ("an AWS key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})")),
    ("a Slack token", re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[0-9A-Za-z-]{10,}")),
    ("a Google key", re.compile(r"\bAIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9_.-]{10,}")),
    ("a HubSpot token", re.compile(r"\bpat-[a-z]{2}\d-[0-9a-f-]{20,}")),
    ("an API key", re.compile(r"\b(?:sk|rk|pk)[-_](?:live|test|proj|ant|or)?[-_]?[A-Za-z0-9_-]{20,}")),
    ("a signed token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")),
    (
        "a password",
        re.compile(
            r"\b(?:password|passwd|passphrase|passwort|kennwort|pwd|api[ _-]?key|secret[ _-]?key|access[ _-]?token)"
            r"(?:\s{0,3}[:=]\s{0,3}\S{4,}|\s{1,3}(?:is|ist)\s{1,3}(?=\S*\d)(?=\S*[A-Za-z])\S{6,})",
            re.IGNORECASE,
        ),
    ),
)


def _secrets(text: str) -> Iterator[tuple[str, str]]:
    for kind, pattern in _SECRETS:
        for found in pattern.finditer(text):
            yield kind, f"{found[0][:4].rstrip()}…"


_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,30}://(?:\[[0-9A-Fa-f:.]{2,45}\])?[^\s<>\"')\]]{0,2000}")
_BARE_SCHEME = re.compile(r"\b(javascript|data|vbscript|file):(?=\S)", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((\S{1,2000}?)\)")
_HTML_LINK = re.compile(
    r"<a\s[^>]{0,300}?href\s?=\s?[\"']?([^\s\"'>]{1,2000})[^>]{0,300}>([^<]{1,300})</a", re.IGNORECASE
)
_HOST_IN_WORDS = re.compile(r"\b((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24})\b", re.IGNORECASE)


def _links(text: str) -> Iterator[str]:
    for found in _URL.finditer(text):
        if (why := _bad_link(found[0].rstrip(".,;:!?"))) is not None:
            yield why
    for found in _BARE_SCHEME.finditer(text):
        yield f"a link begins with {found[1].lower()}: only https and http links may leave"
    for words, target in _titled(text):
        named = _HOST_IN_WORDS.search(words)
        leads = _host(_split(target))
        if named is not None and leads and not _same_place(named[1].lower(), leads):
            yield f"a link says {named[1]} but leads to {leads}: name where it leads"


def _titled(text: str) -> Iterator[tuple[str, str]]:
    """(what it says, where it leads) of links that have words of their own."""
    for found in _MARKDOWN_LINK.finditer(text):
        yield found[1], found[2]
    for found in _HTML_LINK.finditer(text):
        yield found[2], found[1]


def _bad_link(url: str) -> str | None:
    parts = _split(url)
    if parts is None:
        return f"{_short(url)} is not a link that leads anywhere: mend it"
    if parts.scheme.lower() not in {"http", "https"}:
        return f"a link begins with {parts.scheme.lower()}: only https and http links may leave"
    host = _host(parts)
    if "@" in parts.netloc:
        return f"a link to {host} carries a user name or password: take it out"
    if not host or _is_address(host):
        return f"a link leads to the bare address {host or 'of nothing'}: give the name of the place"
    if "." not in host:
        return f"a link leads to {host}, which nobody outside can reach"
    return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _host(parts: SplitResult | None) -> str:
    return (parts.hostname or "").rstrip(".") if parts is not None else ""


def _is_address(host: str) -> bool:
    """An IP address in any of the ways in which browsers take one: 127.0.0.1, ::1, 2130706433, 0x7f.1."""
    try:
        ip_address(host)
    except ValueError:
        return all(re.fullmatch(r"\d+|0x[0-9a-f]*", part) for part in host.split("."))
    return True


def _same_place(said: str, leads: str) -> bool:
    """Whether a link that says `said` honestly leads to `leads`: the same host, or a place within it."""
    said, leads = said.removeprefix("www."), leads.removeprefix("www.")
    return leads == said or leads.endswith(f".{said}")


def _short(url: str) -> str:
    return url if len(url) <= 60 else f"{url[:59]}…"
