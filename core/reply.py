"""What a person newly wrote in a reply: without the quoted mail, the line that introduces it, and the signature."""

import re

# "On Tue, 24 Nov 2026 at 09:00 Casey Morgan <casey@pier7.example> wrote:", broken over up to three lines.
_INTRODUCES = re.compile(r"^On\b.{0,400}?\bwrote:\s*$", re.DOTALL | re.MULTILINE)
_FORWARDED = re.compile(r"^-{2,}\s*(?:Original Message|Forwarded message)\s*-{2,}\s*$", re.IGNORECASE | re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_LINES_OF_AN_INTRODUCTION = 3


def own_words(text: str) -> str:
    """The new text; empty when there is none. Answers below or between quotations are kept."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for found in _INTRODUCES.finditer(text):
        if found.group().count("\n") < _LINES_OF_AN_INTRODUCTION:
            text = text[: found.start()] + text[found.end() :]
            break
    if forwarded := _FORWARDED.search(text):
        text = text[: forwarded.start()]
    own = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))
    if signature := _SIGNATURE.search(own):
        own = own[: signature.start()]
    return own.strip()
