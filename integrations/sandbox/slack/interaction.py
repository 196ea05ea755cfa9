"""What a person does in Slack, turned into what the bot receives, and what the bot's answer does to the screen."""

import time
from dataclasses import replace
from typing import Any

from integrations.sandbox.slack import payloads, values
from integrations.sandbox.slack.answers import apply_command_answer, apply_submission_answer
from integrations.sandbox.slack.delivery import Answer, Delivery
from integrations.sandbox.slack.errors import NotThere
from integrations.sandbox.slack.messages import Message
from integrations.sandbox.slack.people import BOT_USER, DIRECT, DIRECT_OF, TEAM_ID, can_see
from integrations.sandbox.slack.views import View
from integrations.sandbox.world import World


class Person:
    """One person's hands in the sandbox."""

    def __init__(self, world: World, delivery: Delivery, user: str) -> None:
        if user not in DIRECT_OF:
            raise NotThere("no_such_user", f"there is no person {user}", field="user")
        self._world = world
        self._slack = world.slack
        self._delivery = delivery
        self._user = user

    def message(self, channel: str, ts: str) -> Message:
        """The message at that place, if this person can see it."""
        if can_see(self._user, channel):
            found = self._slack.messages.get(channel, ts) or self._slack.messages.whisper_of(self._user, ts)
            if found is not None and found["channel"] == channel:
                return found
        raise NotThere("no_such_message", f"{self._user} sees no message {ts} in {channel}", field="ts")

    def view(self, view_id: str) -> View:
        """The open modal, if it is the one on top of this person's stack."""
        stack = self._slack.views.stack(self._user)
        if not any(one["view"]["id"] == view_id for one in stack):
            raise NotThere("no_such_view", f"{self._user} has no view {view_id} open", field="view_id")
        if stack[-1]["view"]["id"] != view_id:
            raise NotThere("view_covered", "another view lies on top of it", field="view_id", status=409)
        return stack[-1]

    def home(self) -> View:
        home = self._slack.views.home(self._user)
        if home is None:
            raise NotThere("no_home", f"the bot has published no App Home for {self._user}", field="home")
        return home

    async def press_message(self, message: Message, action_id: str, block_id: str | None, option: Any) -> Answer:
        blocks = message.get("blocks", [])
        action, typed = _action(blocks, action_id, block_id, option)
        ephemeral = bool(message.get("is_ephemeral"))
        path = self._slack.response_urls.issue(self._user, message["channel"], message["ts"], ephemeral=ephemeral)
        payload = payloads.message_press(
            self._user,
            message,
            action,
            state=values.state(blocks, typed),
            trigger_id=self._slack.triggers.issue(self._user),
            response_url=self._world.public_url + path,
        )
        self._slack.messages.mark_read(self._user, message["channel"])
        answer = await self._delivery.interaction(payload)
        self._act("press", answer, channel=message["channel"], ts=message["ts"], **_named(action))
        return answer

    async def press_view(self, opened: View, action_id: str, block_id: str | None, option: Any, typed: Any) -> Answer:
        view = opened["view"]
        entered = _merged(opened["typed"], values.refuse_unknown(view["blocks"], typed or {}))
        action, chosen = _action(view["blocks"], action_id, block_id, option)
        entered = _merged(entered, chosen)
        self._slack.views.type_into(opened, entered, opened["errors"])
        payload = payloads.view_press(
            self._user,
            view,
            action,
            state=values.state(view["blocks"], values.still_valid(view["blocks"], entered)),
            trigger_id=self._slack.triggers.issue(self._user),
        )
        answer = await self._delivery.interaction(payload)
        self._act("press", answer, view_id=view["id"], **_named(action))
        return answer

    def filled_in(self, view_id: str, typed: Any) -> View:
        """The view with these values typed in; NotThere when Slack itself would not let it be submitted."""
        opened = self.view(view_id)
        view = opened["view"]
        if view["submit"] is None:
            raise NotThere("no_submit", "the view has no submit button", field="view_id", status=400)
        entered = _merged(opened["typed"], values.refuse_unknown(view["blocks"], typed or {}))
        wrong = values.complaints(view["blocks"], entered)
        opened = self._slack.views.type_into(opened, entered, wrong)
        if wrong:
            block_id, message = next(iter(wrong.items()))
            done = {"user": self._user, "view_id": view_id, "error": "invalid_input", "errors": wrong}
            self._slack.record("act", "submit", done)
            raise NotThere("invalid_input", message, field=block_id, status=400)
        return opened

    async def submit(self, opened: View) -> Answer:
        view = opened["view"]
        payload = payloads.submission(
            self._user,
            view,
            state=values.state(view["blocks"], opened["typed"]),
            trigger_id=self._slack.triggers.issue(self._user),
        )
        answer = await self._delivery.interaction(payload)
        shown_error = apply_submission_answer(self._slack, view["id"], answer) if answer.acked else None
        if shown_error:
            answer = replace(answer, error=shown_error)
        self._act("submit", answer, view_id=view["id"], callback_id=view["callback_id"])
        return answer

    async def close(self, view_id: str) -> Answer:
        """Close the view; the bot hears of it only if the view asked for that."""
        opened = self.view(view_id)
        cleared = opened["view"]["clear_on_close"]
        answer = Answer(acked=True, ms=0.0, by=self._world.mode, response=None, error=None)
        for gone in self._slack.views.close(view_id, all_of_stack=cleared):
            self._slack.effect("view_closed", {"user": self._user, "view_id": gone["view"]["id"]})
            if gone["view"]["notify_on_close"]:
                payload = payloads.closed(self._user, gone["view"], is_cleared=cleared)
                answer = await self._delivery.interaction(payload)
        self._act("close", answer, view_id=view_id)
        return answer

    async def command(self, channel: str, word: str, text: str) -> Answer:
        self._in(channel)
        path = self._slack.response_urls.issue(self._user, channel, None, ephemeral=False)
        payload = payloads.command(
            self._user,
            channel,
            word,
            text,
            trigger_id=self._slack.triggers.issue(self._user),
            response_url=self._world.public_url + path,
        )
        self._slack.messages.mark_read(self._user, channel)
        answer = await self._delivery.command(payload)
        if answer.acked and answer.response:
            apply_command_answer(self._slack, self._user, channel, answer.response)
        self._act("command", answer, channel=channel, command=word, text=text)
        return answer

    async def say(self, channel: str, text: str, thread_ts: str | None) -> tuple[Message, Answer | None]:
        """Post as the person; the bot hears of direct messages and of mentions."""
        self._in(channel)
        if thread_ts is not None:
            thread_ts = self.message(channel, thread_ts).get("thread_ts", thread_ts)
        message = self._slack.messages.post(channel, user=self._user, text=text, thread_ts=thread_ts)
        self._slack.messages.mark_read(self._user, channel)
        self._slack.effect("message_posted", {"channel": channel, "ts": message["ts"], "message": message})
        direct = channel in DIRECT
        answer = None
        if direct or f"<@{BOT_USER}>" in text:
            inner: dict[str, Any] = {
                name: message[name] for name in ("user", "ts", "text", "team", "thread_ts") if name in message
            }
            inner |= {"type": "message" if direct else "app_mention", "channel": channel, "event_ts": message["ts"]}
            if direct:
                inner["channel_type"] = "im"
            answer = await self._delivery.event(payloads.event(inner))
        self._act("message", answer, channel=channel, ts=message["ts"], text=text)
        return message, answer

    async def open_home(self) -> Answer:
        inner: dict[str, Any] = {"type": "app_home_opened", "user": self._user, "channel": DIRECT_OF[self._user]}
        inner |= {"tab": "home", "event_ts": f"{time.time():.6f}"}
        home = self._slack.views.home(self._user)
        if home is not None:
            inner["view"] = home["view"]
        answer = await self._delivery.event(payloads.event(inner))
        self._act("open_home", answer)
        return answer

    def _in(self, channel: str) -> None:
        if not can_see(self._user, channel):
            raise NotThere("no_such_channel", f"{self._user} is in no channel {channel}", field="channel")

    def _act(self, method: str, answer: Answer | None, **what: Any) -> None:
        came = {} if answer is None else {"acked": answer.acked, "error": answer.error}
        self._slack.record("act", method, {"user": self._user, "team": TEAM_ID, **what, **came})


def _action(
    blocks: list[dict[str, Any]], action_id: str, block_id: str | None, option: Any
) -> tuple[dict[str, Any], values.Typed]:
    """The pressed element as payloads name it, and what the press typed; NotThere when there is no such element."""
    matching = [
        (key, element)
        for key, (_, element) in values.fields(blocks).items()
        if key[1] == action_id and block_id in (None, key[0])
    ]
    if not matching:
        raise NotThere("no_such_action", f"there is nothing to press with action_id {action_id}", field="action_id")
    if len(matching) > 1:
        raise NotThere(
            "ambiguous_action", f"{len(matching)} elements have it: say block_id", field="block_id", status=400
        )
    (found_block, _), element = matching[0]
    kind = element["type"]
    action: dict[str, Any] = {
        name: element[name] for name in ("text", "value", "style", "url", "placeholder") if name in element
    }
    action |= {"type": kind, "action_id": action_id, "block_id": found_block, "action_ts": f"{time.time():.6f}"}
    if kind == "button":
        return action, {}
    try:
        chosen = {"selected_option": values.option(element, option)} if kind == "overflow" else None
        chosen = chosen or values.entered(element, option)
    except values.Invalid as invalid:
        raise NotThere("no_such_option", str(invalid), field="option", status=400) from None
    return action | chosen, {} if kind == "overflow" else {found_block: {action_id: option}}


def _merged(first: values.Typed, second: values.Typed) -> values.Typed:
    return {key: {**first.get(key, {}), **second.get(key, {})} for key in {**first, **second}}


def _named(action: dict[str, Any]) -> dict[str, Any]:
    chosen = action.get("selected_option") or {}
    named = {"action_id": action["action_id"], "block_id": action["block_id"], "value": action.get("value")}
    return named | ({"option": chosen.get("value")} if chosen else {})
