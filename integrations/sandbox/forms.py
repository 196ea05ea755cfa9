"""Deliver form submissions to the bot, signed as the form's owner would sign them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from integrations.sandbox import people
from integrations.sandbox.control import ControlError, only, whole
from integrations.sandbox.store import rfc3339, utc_now

if TYPE_CHECKING:
    from integrations.sandbox.world import World

TIMES_LIMIT = 200
FORM_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
SUBMISSION_ID = re.compile(r"[!-~]{1,200}\Z")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-CaseyOS-Signature`."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={mac.hexdigest()}"


async def submit(world: World, asked: dict[str, Any]) -> dict[str, Any]:
    """Fill in a form as `POST /control/form` asks, and hand it to the bot as often as asked."""
    only(asked, "form", "fields", "submission_id", "times", "at")
    form, times = _form(asked.get("form", "contact")), whole(asked, "times", 1, least=1, most=TIMES_LIMIT)
    submitted_at = _moment(asked.get("at"))
    submission_id = asked.get("submission_id") or f"sub_{uuid.uuid4().hex}"
    if not isinstance(submission_id, str) or not SUBMISSION_ID.match(submission_id):
        raise ControlError("invalid", "submission_id is text without spaces", "submission_id")
    if world.bot_url is None:
        raise ControlError("no_bot", "nobody has said where the bot listens: POST /control/bot", None, status=409)
    fields = asked.get("fields")
    if fields is None:
        fields = people.next_visitor(world.store).fields()
    elif not isinstance(fields, dict):
        raise ControlError("invalid", "fields is an object", "fields")
    content = {"submission_id": submission_id, "submitted_at": submitted_at, "fields": fields}
    body = json.dumps(content, ensure_ascii=False).encode()
    world.store.record("forms", "act", "form", {"form": form, **content, "times": times})
    answers = await asyncio.gather(*(_deliver(world, form, submission_id, body) for _ in range(times)))
    return {"submission_id": submission_id, "fields": fields, "answers": [each for pair in answers for each in pair]}


async def _deliver(world: World, form: str, submission_id: str, body: bytes) -> list[dict[str, Any]]:
    """One delivery, or two where a fault says so; each with a timestamp and signature of its own."""
    rounds = 2 if world.faults.take_delivery("forms", form) else 1
    return [await _post(world, form, submission_id, body, again=n > 0) for n in range(rounds)]


async def _post(world: World, form: str, submission_id: str, body: bytes, *, again: bool) -> dict[str, Any]:
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-CaseyOS-Timestamp": timestamp,
        "X-CaseyOS-Signature": signature(world.forms_secret, timestamp, body),
    }
    url = f"{(world.bot_url or '').rstrip('/')}/webhooks/forms/{form}"
    said = await world.deliver.post(url, body, headers)
    answer = {"status": said.status, "body": said.body, "ms": said.ms}
    data = {"form": form, "submission_id": submission_id, "url": url, "again": again, **answer}
    world.store.record("forms", "delivery", "form", data)
    return answer


def _form(name: Any) -> str:
    if not isinstance(name, str) or not FORM_NAME.match(name):
        raise ControlError("invalid", "form is a short name", "form")
    return name


def _moment(text: Any) -> str:
    if text is None:
        return rfc3339(utc_now())
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ControlError("invalid", "at is a moment such as 2026-11-23T09:38:00Z", "at") from error
    if moment.tzinfo is None:
        raise ControlError("invalid", "at needs a zone, such as Z", "at")
    return str(text)
