"""The playbook: which signal proposes what, as pure functions from a signal's facts to a proposal or a reason for none."""

from collections.abc import Callable
from dataclasses import dataclass

from core.inquiry import FORM_SUBMITTED, Inquiry
from core.plays.announce import ANNOUNCE, announce
from core.plays.answer import ANSWER_INQUIRY, answer_inquiry
from core.plays.call_back import CALL_BACK, call_back
from core.plays.deal_amount import DEAL_AMOUNT, deal_amount
from core.plays.facts import Declined, PlayFacts, Proposal


@dataclass(frozen=True)
class Play:
    """The kind of signal it answers, the purpose of what it proposes, and the rule itself.

    A person has one live move for a purpose. None means that the play has nothing to say; Declined is told.
    """

    signal: str
    purpose: str
    propose: Callable[[Inquiry, PlayFacts], Proposal | Declined | None]


PLAYS: tuple[Play, ...] = (
    Play(FORM_SUBMITTED, ANSWER_INQUIRY, answer_inquiry),
    Play(FORM_SUBMITTED, CALL_BACK, call_back),
    Play(FORM_SUBMITTED, DEAL_AMOUNT, deal_amount),
    Play(FORM_SUBMITTED, ANNOUNCE, announce),
)


def proposals(kind: str, inquiry: Inquiry, facts: PlayFacts) -> tuple[tuple[Proposal, ...], Declined | None]:
    """All that a signal of this kind proposes, and the first reason for proposing nothing."""
    proposed: list[Proposal] = []
    declined: Declined | None = None
    for play in PLAYS:
        if play.signal != kind:
            continue
        result = play.propose(inquiry, facts)
        if isinstance(result, Declined):
            declined = declined or result
        elif result is not None and result.purpose not in facts.live:
            proposed.append(result)
    return tuple(proposed), declined
