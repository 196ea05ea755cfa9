"""Drafts: sandboxed templates with the owner's voice, stating only what the record holds."""

from dataclasses import dataclass
from functools import cache

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from core.inquiry import Inquiry

_CONTROL = dict.fromkeys((*range(32), 127, 133, 8232, 8233), " ")


class Voice(BaseModel, frozen=True):
    """How the owner's drafts sound. Every text here is the owner's own."""

    name: str = "Casey Morgan"
    company: str = "Pier 7 Marketing"
    greeting: str = "Hi"
    sign_off: str = "Best regards"
    booking_link: str = ""


@dataclass(frozen=True)
class Draft:
    subject: str
    body: str


@cache
def _templates() -> ImmutableSandboxedEnvironment:
    # Plain text: what a person wrote is put in as data and never read as a template.
    return ImmutableSandboxedEnvironment(
        loader=PackageLoader("core", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )


def answer_inquiry(inquiry: Inquiry, interests: tuple[str, ...], voice: Voice) -> Draft:
    """The first answer to a form."""
    return _written("inquiry_subject.txt", "inquiry_body.txt", inquiry, interests, voice)


def meeting(inquiry: Inquiry, interests: tuple[str, ...], voice: Voice) -> Draft:
    """The title and the text of an invitation to talk about a form."""
    return _written("meeting_title.txt", "meeting_body.txt", inquiry, interests, voice)


def _written(subject: str, body: str, inquiry: Inquiry, interests: tuple[str, ...], voice: Voice) -> Draft:
    facts = {
        "first_name": first_name(inquiry.name),
        "company": one_line(inquiry.company, 80),
        "interests": interests,
        "asked_price": "price" in interests,
        "voice": voice,
    }
    line = _templates().get_template(subject).render(facts)
    text = _templates().get_template(body).render(facts)
    return Draft(one_line(line, 150), text.strip() + "\n")


def first_name(name: str) -> str:
    """What to call somebody; empty when the name does not look like one."""
    words = one_line(name, 80).split()
    return words[0] if words and all(part.isalpha() for part in words[0].split("-")) and len(words[0]) <= 30 else ""


def one_line(text: str, limit: int) -> str:
    """Outside text for a place that holds one line: control characters and line breaks become spaces."""
    flat = " ".join(text.translate(_CONTROL).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"
