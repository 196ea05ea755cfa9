"""How arq jobs are written: JSON, never pickle, so that nobody who reaches Redis can run code here."""

import json
from typing import Any


def dumps(job: dict[str, Any]) -> bytes:
    return json.dumps(job, default=str).encode()


def loads(raw: bytes) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(raw)
    return job
