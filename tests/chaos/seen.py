"""What the sandbox shows: its ledger, read once for everybody of a chaos run."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Entry = dict[str, Any]


@dataclass
class Seen:
    """The sandbox's ledger, read once for everybody."""

    http: aiohttp.ClientSession
    url: str
    last: int = 0
    """The number of the newest line that was read."""
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Person's name to (ts, move id)."""
    texts: dict[str, str] = field(default_factory=dict)
    """ts to what the message says now."""
    changes: dict[str, int] = field(default_factory=dict)
    """ts to how often it was updated."""
    proposed: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """How a card begins, and the person's name, to (ts, move id)."""
    without_crm: set[str] = field(default_factory=set)
    """ts of the cards that say the CRM could not be asked."""
    notes: list[str] = field(default_factory=list)
    mailed: set[str] = field(default_factory=set)
    drafts: dict[str, str] = field(default_factory=dict)
    """Address to the newest draft for it."""
    views: dict[str, str] = field(default_factory=dict)
    """Move id to the id of the modal that was opened for it last."""

    async def read_forever(self) -> None:
        while True:
            async with self.http.get(f"{self.url}/control/ledger?after={self.last}") as answer:
                for entry in (await answer.json())["entries"]:
                    self._learn(entry)
            await asyncio.sleep(0.1)

    def _learn(self, entry: Entry) -> None:
        self.last = entry["n"]
        data, method = entry["data"], entry["method"]
        if entry["kind"] != "effect":
            return
        if method in {"message_posted", "message_updated"}:
            message = data["message"]
            self.texts[data["ts"]] = message["text"]
            if method == "message_updated":
                self.changes[data["ts"]] = self.changes.get(data["ts"], 0) + 1
            else:
                threaded = message.get("thread_ts") not in {None, data["ts"]}
                if threaded:
                    self.notes.append(message["text"])
                if "HubSpot could not be asked" in json.dumps(message.get("blocks", [])):
                    self.without_crm.add(data["ts"])
                for block in message.get("blocks", []):
                    kind, _, move = block.get("block_id", "").partition(":")
                    if kind == "move":
                        begins, name = _about(message["text"])
                        self.cards.setdefault(name, (data["ts"], move))
                        self.proposed.setdefault((begins, name), (data["ts"], move))
        elif method == "draft_created":
            self.drafts.update(dict.fromkeys(data["to"], data["draft_id"]))
        elif method == "mail_sent":
            self.mailed.update(data["to"])
        elif method == "view_opened":
            self.views[data["view"].get("private_metadata", "")] = data["view_id"]


_CARD = re.compile(r"(Reply to|Call|Meet|Tell #wins:|Update)(?: Deal of)? (Person N\d+)")


def _about(text: str) -> tuple[str, str]:
    found = _CARD.match(text)
    return (found[1], found[2]) if found else ("", text)
