"""What handlers, jobs and routes work with; made once in `wiring.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.bell import Bell
from bot.settings import Settings
from core.database import Database
from core.ports import Ports
from core.runner import Runner
from integrations.forms.mapping import FormMappings


@dataclass(frozen=True)
class Services:
    settings: Settings
    workspace: UUID
    database: Database
    bell: Bell
    ports: Ports
    runner: Runner
    forms: FormMappings
    clock: Callable[[], datetime]
