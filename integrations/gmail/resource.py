"""Gmail's own shapes, as far as they are read: what the API calls a message, a draft, a thread, a page of history."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Resource(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Header(_Resource):
    name: str = ""
    value: str = ""


class Body(_Resource):
    data: str = ""


class Part(_Resource):
    """One MIME part; the outermost is a message's payload."""

    mime_type: str = ""
    filename: str = ""
    headers: tuple[Header, ...] = ()
    body: Body = Body()
    parts: "tuple[Part, ...]" = ()

    def header(self, name: str) -> str:
        """The first header of that name, or nothing."""
        return next((one.value for one in self.headers if one.name.lower() == name.lower()), "")

    def all_headers(self, name: str) -> "list[str]":
        """Every header of that name, in order."""
        return [one.value for one in self.headers if one.name.lower() == name.lower()]

    def walk(self) -> "Iterator[Part]":
        """This part and those inside, in order, without the parts of an attached mail."""
        yield self
        if self.mime_type.lower() != "message/rfc822":
            for part in self.parts:
                yield from part.walk()


class Message(_Resource):
    id: str = Field(min_length=1)
    thread_id: str = Field(min_length=1)
    label_ids: frozenset[str] = frozenset()
    snippet: str = ""
    internal_date: int = 0  # milliseconds
    payload: Part = Part()
    raw: str = ""


class Draft(_Resource):
    id: str = Field(min_length=1)
    message: Message


class Thread(_Resource):
    messages: tuple[Message, ...] = ()


class Profile(_Resource):
    email_address: str = Field(min_length=3)
    history_id: str = Field(min_length=1)


class Drafts(_Resource):
    drafts: tuple[Draft, ...] = ()
    next_page_token: str | None = None


class Messages(_Resource):
    messages: tuple[Message, ...] = ()
    next_page_token: str | None = None


class Added(_Resource):
    message: Message


class Change(_Resource):
    messages_added: tuple[Added, ...] = ()


class History(_Resource):
    history: tuple[Change, ...] = ()
    history_id: str = Field(min_length=1)
    next_page_token: str | None = None
