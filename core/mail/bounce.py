"""Bounces: whether a mail is a server's notice about a mail of ours, for whom, and why."""

import re
from dataclasses import dataclass

from core.mail import refusal
from core.mail.html_text import as_text
from core.mail.parsing import Mail
from core.mail.phrases import pattern, plain

ENOUGH = 4
_MOST_BY_TEXT = 5
_ADDRESS = re.compile(r"[\w.+%&'=/!#$*?^`{|}~-]{1,100}@[\w-]+(?:\.[\w-]+)+|[\w.+-]+@\[[\d.]+\]")
_HEADER_LINE = re.compile(
    r"^[ >]{0,6}(?:Return-Path|Received|DKIM-Signature|MIME-Version|Message-ID|X-[\w-]+|From|To|Date|Subject|Content-Type)\s?:\s",
    re.IGNORECASE,
)
_TRACE_LINE = re.compile(
    r"^[ >]{0,6}(?:Return-Path|Received|DKIM-Signature|MIME-Version|Content-Type|X-[\w-]+)\s?:\s", re.IGNORECASE
)
_SMTP_REPLY = re.compile(r"(?<![\d.\-:/])[45]\d\d(?:[ -]+#?[45]\.\d{1,3}\.\d{1,3}|[ -]+\S)|#[45]\.\d{1,3}\.\d{1,3}")
_REPLY_TEXT = re.compile(
    r"(?<![\d.\-:/#\w])([45]\d\d[ -]#?(?:[45]\.\d{1,3}\.\d{1,3})?.{0,1200}?)(?=\n\s*\n|\n\s*(?:<<<|>>>|\.\.\.)|\Z)",
    re.DOTALL,
)
_CONSEQUENCE = re.compile(
    r"^(?:503 |55\d[ -].{0,140}service unavailable\s*$|554[ -](?:5\.0\.0 service unavailable|5\.5\.1 error: no valid|error: no valid))",
    re.IGNORECASE,
)
_LOOSE_REPORT = re.compile(
    r"^Final-Recipient:[^\n]*\n(?:[^\n]+\n){0,6}?(?:Action|Status):|^Action:[^\n]*\n(?:[^\n]+\n){0,6}?Final-Recipient:",
    re.IGNORECASE | re.MULTILINE,
)
_REASON_LINE = re.compile(
    r"\(reason: (.{3,600}?)\)\s*\n|^\s*(?:reason|diagnostic[- ]code|error(?: message)?|grund|raison|motivo|cause|原因)\s?[:：]\s*(.{3,600}?)$",
    re.IGNORECASE | re.MULTILINE,
)
# A mail store that took the mail and then could not keep it: its word weighs more than the report's.
_STORE_SAYS = re.compile(r"was automatically rejected:\s*(\S.{2,300}?)\s*$", re.IGNORECASE | re.MULTILINE)
_SAYS_ONLY_THAT = re.compile(
    r"(?:remote )?(?:smtp )?(?:server|transmission)?.{0,30}(?:rejected address|failure has occurred)", re.IGNORECASE
)
_RETURNED_MARK = r"^[\W_]{0,60}{}[\W_]{0,60}$"


@dataclass(frozen=True, slots=True)
class Bounce:
    """One notice, judged by its first recipient that failed."""

    kind: str
    reason: str
    recipient: str | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient's block of a delivery status report (RFC 3464)."""

    recipient: str
    action: str
    status: str
    diagnosis: str


def reports(mail: Mail) -> list[Report]:
    """The per-recipient blocks of the delivery status report that the mail itself carries."""
    texts = [part.text for part in mail.of_type("message/delivery-status", "message/global-delivery-status")]
    if not texts:
        # A gateway that took the parts out of their order: the fields stand in the text.
        texts = [part.text[:30_000] for part in mail.text_parts("text/plain") if _LOOSE_REPORT.search(part.text)]
    found = []
    for text in texts:
        for block in re.split(r"\n\s*\n", text):
            fields = _fields(block)
            if (
                fields.keys() & {"action", "status"}
                or len(fields.keys() & {"final-recipient", "original-recipient", "diagnostic-code"}) > 1
            ):
                found.append(_report(fields))
    return found


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n")[:200]:
        if line[:1] in " \t" and name:
            fields[name] += " " + line.strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields.setdefault(name, value.strip())
    return fields


def _report(fields: dict[str, str]) -> Report:
    named = fields.get("original-recipient") or fields.get("final-recipient") or ""
    final = fields.get("final-recipient") or named
    recipient = _first_address(final) or _first_address(named) or _first_address(fields.get("x-actual-recipient", ""))
    action = re.sub(r"[^a-z]", "", fields.get("action", "").split(" ")[0].lower())
    diagnosis = re.sub(r"^\s*[\w-]{1,20}\s*;\s*", "", fields.get("diagnostic-code", ""))
    return Report(recipient, action, fields.get("status", ""), diagnosis)


def _first_address(text: str) -> str:
    found = _ADDRESS.search(text.split(";", 1)[-1])
    return found[0].strip(".") if found else ""


def failures(found: list[Report]) -> list[Report]:
    return [
        one
        for one in found
        if one.action not in {"delivered", "relayed", "expanded"} and not one.status.startswith("2")
    ]


def own_text(mail: Mail) -> str:
    """What the notice itself says, without the mail it returns."""
    texts = [part.text for part in mail.text_parts("text/plain") if part.text.strip()][:2]
    if not texts:
        texts = [as_text(part.text) for part in mail.text_parts("text/html")][:1]
    return before_returned_mail("\n".join(texts))[:20_000]


def before_returned_mail(text: str) -> str:
    """Cut where the returned mail begins: at a line that says so, or at its first header lines."""
    marks = pattern("notice", "returned.marks", shape=_RETURNED_MARK)
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if at and len(line) < 160 and marks.match(line):
            return "\n".join(lines[:at])
        if at > 1 and _HEADER_LINE.match(line) and _begins_a_head(lines[at : at + 8]):
            return "\n".join(lines[:at])
    return text


def _begins_a_head(lines: list[str]) -> bool:
    """Three header lines, and one among them that only a real mail has."""
    return sum(bool(_HEADER_LINE.match(line)) for line in lines) >= 3 and any(_TRACE_LINE.match(line) for line in lines)


def is_answer(mail: Mail) -> bool:
    """Whether the subject says that the mail answers or forwards another one."""
    return bool(pattern("notice", "answer.prefix", shape=r"^\s*{}\s*(?:\[\d+\])?\s*[:：]").match(mail.subject))


def is_notice(mail: Mail) -> bool:
    """Whether a server wrote this about the fate of a mail of ours."""
    found = reports(mail)
    if found:
        return bool(failures(found))
    return weight(mail) >= ENOUGH


def weight(mail: Mail) -> int:
    """How much speaks for a notice that has no report: each witness counts, a person's habits count against."""
    answers, machine = is_answer(mail), from_machine(mail)
    returned_to = mail.header("return-path").strip().lower()
    total = 2 * machine + (returned_to in {"<>", "< >"} or "mailer-daemon" in returned_to)
    total += 3 * ("x-failed-recipients" in mail.headers)
    total += 2 * bool(not answers and pattern("notice", "subject.words").search(mail.subject))
    if answers or "in-reply-to" in mail.headers:
        total -= 1 if machine else 6
    if total + _MOST_BY_TEXT < ENOUGH:
        return total
    text = plain(own_text(mail))[:6_000]
    total += 2 * bool(pattern("notice", "body.failed").search(text))
    total += bool(_SMTP_REPLY.search(text)) + bool(pattern("notice", "body.machine").search(text))
    carries = bool(mail.of_type("message/rfc822", "text/rfc822-headers", "message/delivery-status"))
    return total + (carries or len(text) + 40 < len(_whole_text(mail)))


def from_machine(mail: Mail) -> bool:
    """Whether the From line names a mail server rather than a person."""
    value = mail.header("from").lower()
    local = mail.sender.split("@")[0] if mail.sender else value.strip(' <>"')
    return bool(
        value.strip() in {"", "<>"}
        or pattern("notice", "sender.local", shape=r"^{}$").match(local)
        or "mailer-daemon" in value
        or pattern("notice", "sender.name").search(value.split("<")[0])
    )


def _whole_text(mail: Mail) -> str:
    return "\n".join(part.text for part in mail.text_parts("text/plain"))


def read(mail: Mail) -> Bounce:
    """Why the mail came back and whose address it concerns. The caller knows that it is a notice."""
    failed = failures(reports(mail))
    first = failed[0] if failed else Report("", "", "", "")
    text = own_text(mail)
    delayed = (bool(failed) and all(one.action == "delayed" for one in failed)) or (
        not failed and _is_warning(mail, text)
    )
    statements = _statements(first, text, mail)
    judged = refusal.judge(
        statements, text=_without_formalities(text) + "\n" + mail.subject, status=first.status, delayed=delayed
    )
    return Bounce(judged.kind, judged.reason, _recipient(mail, first, text), judged.evidence)


def _is_warning(mail: Mail, text: str) -> bool:
    return bool(pattern("notice", "late.subject").search(mail.subject) or pattern("notice", "late.text").search(text))


def _statements(first: Report, text: str, mail: Mail) -> list[str]:
    """The servers' words, the most direct first: the report, reply lines in the text, reasons given."""
    statements = [*_STORE_SAYS.findall(text)[:1], first.diagnosis]
    statements += [group for found in _REASON_LINE.findall(text) for group in found if group][:3]
    replies = [reply.strip() for reply in _REPLY_TEXT.findall(text)]
    statements += [reply for reply in replies if not _CONSEQUENCE.match(reply)][:3]
    comment = re.search(r"\((.{3,200})\)", first.status)
    statements += [comment[1]] if comment and not _SAYS_ONLY_THAT.match(comment[1]) else []
    return [one for one in statements if one.strip()]


def _without_formalities(text: str) -> str:
    return pattern("notice", "formal.sentences").sub(" ", text)


def _recipient(mail: Mail, first: Report, text: str) -> str | None:
    if first.recipient:
        return first.recipient
    if found := _first_address(mail.header("x-failed-recipients")):
        return found
    ours = {
        address for name in ("to", "from", "delivered-to") for address in _ADDRESS.findall(mail.header(name).lower())
    }
    for address in re.findall(r"<([^<>\s]+@[^<>\s]+)>", text) + _ADDRESS.findall(text):
        clean = address.strip(".'\"")
        if clean.lower() not in ours and not pattern("notice", "sender.local", shape=r"^{}@").match(clean):
            return str(clean)
    return None
