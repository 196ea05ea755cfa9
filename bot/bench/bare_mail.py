"""The other side of `bench effects`: httpx and asyncpg make a mail's requests, each step between two commits."""

import base64
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx

TABLE = "create table bench_steps (id text primary key, state text not null, external_id text)"
ARMED = "insert into bench_steps (id, state) values ($1, 'armed')"
APPLIED = "update bench_steps set state = 'applied', external_id = $2 where id = $1"


@dataclass(frozen=True)
class BareMail:
    """Mails of which nobody remembers anything but that they were begun and what they became."""

    pool: asyncpg.Pool
    http: httpx.AsyncClient
    users: str
    """The address of Gmail's user, without a slash at its end."""
    token: str

    async def execute(self, key: str, raw: bytes, *, to: str) -> None:
        """The two steps of a mail, as the product takes them: the draft is made; read again, others like it looked for, sent."""
        await self._commit(ARMED, f"{key}0")
        encoded = base64.urlsafe_b64encode(raw).decode()
        draft = await self._ask("POST", "drafts?alt=json", {"message": {"raw": encoded}})
        await self._commit(APPLIED, f"{key}0", draft["id"])
        await self._commit(ARMED, f"{key}1")
        await self._ask("GET", f"drafts/{draft['id']}?format=full&alt=json")
        await self._ask("GET", "drafts?" + urlencode({"q": f'to:"{to}"', "maxResults": 100, "alt": "json"}))
        sent = await self._ask("POST", "drafts/send?alt=json", {"id": draft["id"]})
        await self._commit(APPLIED, f"{key}1", sent["id"])

    async def _commit(self, statement: str, *given: str) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.fetch(statement, *given)

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(
            method, f"{self.users}/{path}", json=body, headers={"authorization": f"Bearer {self.token}"}
        )
        answer.raise_for_status()
        return answer.json()
