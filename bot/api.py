"""`GET /api/command-queue/today`: an owner's list for a program that has a token, and the document that describes it."""

import json
import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, Field

from bot.services import Services
from core import api_tokens, cards, scoring, switch, workspace
from core.card import Card

TODAY = "/api/command-queue/today"
DESCRIBED = "/api/openapi.json"
LIMIT, LIMIT_AT_MOST = 10, 50
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{1,200})")


class Reason(BaseModel):
    part: str = Field(description="base, revenue, urgency, effort, strategic, learned or limit")
    points: int
    text: str


class Move(BaseModel):
    rank: int = Field(ge=1)
    id: UUID
    title: str
    why: str
    aps: int = Field(ge=0, le=100, description="Action Priority Score: the sum of the reasons' points")
    reasons: list[Reason]
    due_at: datetime | None
    effort_minutes: int


class Today(BaseModel):
    """An owner's open moves, best first, with their scores of now."""

    owner: str = Field(description="Slack's id of the member")
    day: date = Field(description="On the owner's own calendar")
    as_of: datetime
    paused: bool = Field(description="Whether the kill switch is on: then nothing leaves")
    moves: list[Move]
    beyond: int = Field(ge=0, description="Open moves that are not in the answer")


class Refused(Exception):
    """The request is not answered: status, code, sentence and the field it is about."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field


async def today(services: Services, request: web.Request) -> web.Response:
    """Raises Refused."""
    token, limit = _token(request), _limit(request)
    now = services.clock()
    async with services.database.begin() as db:
        owner = await api_tokens.owner_of(db, token)
        if owner is None:
            raise _unknown()
        member = await workspace.member(db, owner)
        ranked = await scoring.ranked(db, now, owner=owner)
        shown = [await cards.card(db, move.id, now) for move in ranked[:limit]]
        paused = (await switch.sending(db)).paused
    said = Today(
        owner=owner,
        day=workspace.Owner(owner, member.zone, None, now).today(now),
        as_of=now,
        paused=paused,
        moves=[_move(rank, card) for rank, card in enumerate(shown, start=1)],
        beyond=max(0, len(ranked) - limit),
    )
    return web.json_response(text=said.model_dump_json(), headers={"Cache-Control": "no-store"})


def _move(rank: int, card: Card) -> Move:
    reasons = [Reason(part=one.part, points=one.points, text=one.text) for one in card.score.reasons]
    return Move(
        rank=rank,
        id=UUID(card.move_id),
        title=card.title,
        why=card.why,
        aps=card.score.aps,
        reasons=reasons,
        due_at=card.due_at,
        effort_minutes=card.effort_minutes,
    )


def _token(request: web.Request) -> str:
    found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise Refused(
            401, "no_token", "send a token as `Authorization: Bearer caseyos_...`; `caseyos token new` makes one"
        )
    return found[1]


def _unknown() -> Refused:
    return Refused(401, "unknown_token", "this token is not known here, or it was revoked")


def _limit(request: web.Request) -> int:
    given = request.query.get("limit", str(LIMIT))
    if not re.fullmatch(r"[0-9]{1,3}", given) or not 1 <= int(given) <= LIMIT_AT_MOST:
        raise Refused(400, "bad_limit", f"limit is a number from 1 to {LIMIT_AT_MOST}", "limit")
    return int(given)


def described() -> dict[str, Any]:
    """The OpenAPI document, made from the very models that answer."""
    schema = Today.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    parts = schema.pop("$defs")
    problem = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "field"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "field": {"type": ["string", "null"]},
                },
            }
        },
    }
    limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_AT_MOST, "default": LIMIT}
    return {
        "openapi": "3.1.0",
        "info": {"title": "CaseyOS", "version": "1", "description": "What a program may read of an owner's day."},
        "paths": {
            TODAY: {
                "get": {
                    "summary": "An owner's open moves, best first",
                    "security": [{"token": []}],
                    "parameters": [{"name": "limit", "in": "query", "schema": limit}],
                    "responses": {
                        "200": _answer("The list", "Today"),
                        "400": _answer("The limit is none", "Problem"),
                        "401": _answer("No token, or one that is not known", "Problem"),
                    },
                }
            }
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**parts, "Today": schema, "Problem": problem},
        },
    }


def _answer(description: str, model: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}
    return {"description": description, "content": content}


def document(_: web.Request) -> web.Response:
    return web.json_response(text=json.dumps(described(), indent=1))
