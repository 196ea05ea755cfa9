"""The tables: one source for the models; migrations are compared with it by a test.

Every row carries its workspace, and every key begins with it: row level security is forced on all tables, so a
transaction sees the one workspace it has set (`core/database.py`). One row belongs to no workspace: the switch of them
all. Times are UTC. Money is minor units with a currency.
"""

from core.tables.audit import audit_entries, audit_heads, audit_keys, audit_texts
from core.tables.base import metadata
from core.tables.day import HOME_TABS, digest_moves, digests, homes
from core.tables.memory import corrections, cursors, inbox, outcomes, score_receipts
from core.tables.people import (
    LEGAL_BASES,
    api_tokens,
    caps,
    global_switches,
    members,
    opt_ins,
    people,
    reservations,
    suppressions,
    switches,
    workspaces,
)
from core.tables.security import (
    ALL_WORKSPACES_SETTING,
    APP_ROLE,
    OWNER_ROLE,
    RIGHTS,
    SHARED,
    WORKSPACE_SETTING,
    security_ddl,
)
from core.tables.work import (
    EFFECT_STATES,
    MOVE_STATES,
    SIGNAL_STATES,
    approvals,
    effects,
    move_events,
    moves,
    recommendations,
    signals,
)

__all__ = [
    "ALL_WORKSPACES_SETTING",
    "APP_ROLE",
    "EFFECT_STATES",
    "HOME_TABS",
    "LEGAL_BASES",
    "MOVE_STATES",
    "OWNER_ROLE",
    "RIGHTS",
    "SHARED",
    "SIGNAL_STATES",
    "WORKSPACE_SETTING",
    "api_tokens",
    "approvals",
    "audit_entries",
    "audit_heads",
    "audit_keys",
    "audit_texts",
    "caps",
    "corrections",
    "cursors",
    "digest_moves",
    "digests",
    "effects",
    "global_switches",
    "homes",
    "inbox",
    "members",
    "metadata",
    "move_events",
    "moves",
    "opt_ins",
    "outcomes",
    "people",
    "recommendations",
    "reservations",
    "score_receipts",
    "security_ddl",
    "signals",
    "suppressions",
    "switches",
    "workspaces",
]
