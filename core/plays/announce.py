"""Somebody with an open deal wrote: tell the channel that the form names."""

from datetime import timedelta

from core import draft
from core.actions.post_to_channel import PostToChannel
from core.inquiry import Inquiry, interests
from core.plays import worth
from core.plays.facts import PlayFacts, Proposal

ANNOUNCE = "announce"
WITHIN = timedelta(hours=4)


def announce(inquiry: Inquiry, facts: PlayFacts) -> Proposal | None:
    """Nothing without a channel in the form's mapping, and nothing about anybody else: that would be noise."""
    has_deal = facts.crm is not None and facts.crm.open_deals
    if inquiry.announce is None or not has_deal or facts.suppressed:
        return None
    wants = interests(inquiry.message)
    due_at = facts.received_at + WITHIN
    text = f"{worth.named(inquiry, facts)} wrote to us ({'; '.join(worth.context(facts))})."
    if message := draft.one_line(inquiry.message, 400):
        text += f"\n“{message}”"
    return Proposal(
        rule="form_announce",
        purpose=ANNOUNCE,
        action="post_to_channel",
        params=PostToChannel(channel=inquiry.announce.channel, channel_name=inquiry.announce.name, text=text),
        title=f"Tell #{inquiry.announce.name}: {worth.named(inquiry, facts)} wrote",
        why="The account's team should know before they hear it elsewhere. The message is ready.",
        due_at=due_at,
        facts=worth.score_facts(inquiry, wants, facts, due_at=due_at, minutes=1, effort="one press"),
        context=worth.context(facts),
    )
