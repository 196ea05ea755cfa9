"""A worker that stands still over an update of a card and goes on later does not leave an old state standing for good."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from bot.keeping_up import START_WITHIN, KeepingUp
from bot.worker import Worker
from core.card import Card
from core.ports import Messenger
from tests.support.product import Product


class StopsBeforeSending:
    """A messenger whose process stands still right before an update of a card leaves, and dies right after it has."""

    def __init__(self, behind: Messenger) -> None:
        self._behind = behind
        self.reached, self.go_on, self.sent = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    async def update_card(self, card: Card, *, channel: str, ts: str) -> None:
        self.reached.set()
        await self.go_on.wait()
        await self._behind.update_card(card, channel=channel, ts=ts)
        self.sent.set()
        await asyncio.Event().wait()


async def test_what_it_sends_at_last_is_set_right_even_if_it_dies_before_it_can_say_so(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    services = product.services
    stopping = StopsBeforeSending(services.ports.messenger)
    ports = replace(services.ports, messenger=cast(Messenger, stopping))
    still = Worker(replace(services, ports=ports))
    await product.press("move_snooze", on=card, option="tomorrow")
    standing = asyncio.create_task(still.settle())
    await stopping.reached.wait()

    product.clock.advance(timedelta(seconds=services.settings.request_timeout_s + 3))
    await product.press("move_dismiss", on=card, option="bad_timing")
    await product.settle()
    assert "dismissed" in (await product.card("Ada Berg"))["text"]

    stopping.go_on.set()
    await stopping.sent.wait()
    standing.cancel()
    for task in still._busy.values():
        task.cancel()
    with suppress(asyncio.CancelledError):
        await standing
    assert "snoozed" in (await product.card("Ada Berg"))["text"], "the old state stands over the new one"

    product.clock.advance(timedelta(seconds=services.settings.slack_horizon_s))
    await product.settle()
    assert "dismissed" in (await product.card("Ada Berg"))["text"]


async def test_what_was_read_too_long_ago_is_not_sent(product: Product) -> None:
    await product.fill_form(name="Ada Berg", message="We want to exhibit.")
    await product.settle()
    card = await product.card("Ada Berg")
    times = 0

    def jumping() -> Any:
        """The second time it is asked, the process has stood still since the first."""
        nonlocal times
        times += 1
        return product.clock.now + (START_WITHIN * 2 if times > 1 else timedelta())

    await product.press("move_snooze", on=card, option="tomorrow")
    move = next(b["block_id"].partition(":")[2] for b in card["blocks"] if b["type"] == "actions")
    before = (await product.sandbox.control("GET", "/control/ledger?after=1000000000"))["last"]
    await KeepingUp(replace(product.services, clock=jumping)).card(UUID(move))
    assert await product.sandbox.ledger(before, method="message_updated") == []

    product.clock.advance(timedelta(seconds=product.services.settings.request_timeout_s + 3))
    await product.settle()
    assert "snoozed" in (await product.card("Ada Berg"))["text"]
