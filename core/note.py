"""A note is something worth saying in a thread or to one person: a name and its facts, worded by the view."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    """`name` selects the wording; `facts` are texts for it, outside text included, unescaped."""

    name: str
    facts: dict[str, str] = field(default_factory=dict)
