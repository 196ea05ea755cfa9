"""What may stand in Slack: blocks within its limits, and nothing alive in them that we did not write ourselves."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from slackblocks._surfaces import BlockSurface, validate_surface_blocks

from integrations.sandbox.slack.blocks import problems, view_problems

TEXT_LIMIT = 4000  # of a message's own text, past which Slack begins to cut

_LIVE = re.compile(r"<[^<>]*>?|>")
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
_MEMBER = re.compile(r"<@[UW][A-Z0-9]{1,30}>")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def assert_message(message: dict[str, Any], *, members: Sequence[str] = ()) -> None:
    """`text` and `blocks` as they would be posted; `members` are whom the message may mention."""
    assert message["text"].strip(), "a message without text says nothing to a screen reader"
    assert len(message["text"]) <= TEXT_LIMIT
    assert_dead(message["text"], members=members)
    blocks = message.get("blocks") or []
    _assert_sound(blocks, "message")
    _assert_dead_blocks(blocks, members)


def assert_view(view: dict[str, Any], *, members: Sequence[str] = ()) -> None:
    """A modal or a Home as it would be opened."""
    kind = view["type"]
    found = view_problems(view, kind)
    assert found == [], found
    _assert_sound(view["blocks"], kind)
    _assert_dead_blocks(view["blocks"], members)


def assert_dead(mrkdwn: str, *, members: Sequence[str] = ()) -> None:
    """No mention, link, command or entity in this text but mentions of these members; nothing that cannot be seen."""
    found = [one for one in _LIVE.findall(mrkdwn) if not (_MEMBER.fullmatch(one) and one[2:-1] in members)]
    assert found == [], found
    assert not _ENTITY.search(mrkdwn), _ENTITY.search(mrkdwn)
    assert not _UNSEEN.search(mrkdwn), _UNSEEN.search(mrkdwn)


def _assert_sound(blocks: list[dict[str, Any]], surface: BlockSurface) -> None:
    validate_surface_blocks(blocks, surface)
    found = problems(blocks, surface)
    assert found == [], found


def _assert_dead_blocks(blocks: list[dict[str, Any]], members: Sequence[str]) -> None:
    for one in _texts(blocks):
        if one["type"] == "mrkdwn":
            assert one.get("verbatim") is True, "Slack would make links of it by itself"
            assert_dead(one["text"], members=members)
        else:
            assert not _UNSEEN.search(one["text"]), one


def _texts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value
        for one in value.values():
            yield from _texts(one)
