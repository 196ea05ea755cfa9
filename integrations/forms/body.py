"""Read the body of a form's delivery as strictly as it must be before anything of it is stored."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qsl

MAX_BODY_BYTES = 64 * 1024
MAX_FIELDS = 100
MAX_NAME = 100  # characters in the name of a field
MAX_CHOICES = 100

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_SURROGATE = re.compile("[\ud800-\udfff]")
_ABOUT = ("submission_id", "submitted_at")  # beside the fields, or among them

Value = str | list[str | None] | None


class BadForm(Exception):
    """A delivery that is refused: `code` for programs, `message` for people, `field` where one is to blame."""

    def __init__(self, code: str, message: str, *, field: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = None if field is None else shown(field)
        self.status = status


@dataclass(frozen=True)
class Content:
    """What was delivered: texts exactly as given, numbers as they were written."""

    fields: dict[str, Value]
    submission_id: str | None
    submitted_at: str | None


def read(body: bytes, headers: Mapping[str, str]) -> Content:
    """JSON (`{"submission_id", "submitted_at", "fields": {...}}` or flat) or a urlencoded form. Raises BadForm."""
    if len(body) > MAX_BODY_BYTES:
        raise BadForm("too_long", f"The body is longer than {MAX_BODY_BYTES} bytes.", status=413)
    kind = header(headers, "Content-Type") or ""
    charset = _CHARSET.search(kind)
    if charset is not None and charset[1].lower() not in _UTF_8:
        raise BadForm("unsupported_charset", "Send the form in UTF-8.", status=415)
    media_type = kind.partition(";")[0].strip().lower()
    if media_type == JSON:
        return _content(_json(body))
    if media_type == URLENCODED:
        return _content(_urlencoded(body))
    raise BadForm("unsupported_media_type", f"Send {JSON} or {URLENCODED}.", status=415)


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The header in any case; None when it is missing, and also when it is there twice, for then nobody knows which."""
    found = [value for key, value in headers.items() if key.lower() == name.lower()]
    return found[0].strip() if len(found) == 1 else None


def shown(name: str) -> str:
    """A stranger's name for a field, short and printable."""
    return "".join(char if char.isprintable() else "�" for char in name[:MAX_NAME])


def _json(body: bytes) -> dict[str, Any]:
    try:
        # Numbers stay as they were written: 1.10 is not 1.1, and a thousand digits are only text.
        content = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_constant=_no_constant,
            parse_int=str,
            parse_float=str,
        )
    except UnicodeDecodeError as error:
        raise BadForm("malformed_json", "The body is not UTF-8.") from error
    except ValueError as error:
        raise BadForm("malformed_json", "The body is not JSON.") from error
    except RecursionError as error:
        raise BadForm("too_deep", "The body is nested too deeply.") from error
    if not isinstance(content, dict):
        raise BadForm("not_an_object", "The body is JSON, but not an object.")
    return content


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadForm("duplicate_field", f"The field “{shown(name)}” is there more than once.", field=name)
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadForm("malformed_json", f"{name} is not a number that JSON knows.")


def _urlencoded(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS * 2,
        )
    except UnicodeDecodeError as error:
        raise BadForm("malformed_form", "The form is not UTF-8.") from error
    except ValueError as error:
        raise BadForm("too_long", "The form has too many fields.", status=413) from error
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _content(content: dict[str, Any]) -> Content:
    about = {name: _about(name, content.get(name)) for name in _ABOUT}
    fields = content.get("fields")
    if not isinstance(fields, dict):
        fields = {name: value for name, value in content.items() if name not in _ABOUT}
    if len(fields) > MAX_FIELDS:
        raise BadForm("too_long", f"The form has more than {MAX_FIELDS} fields.", status=413)
    return Content({name: _value(_name(name), value) for name, value in fields.items()}, **about)


def _about(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else _storable(name, value)
    raise BadForm(f"bad_{name}", f"{name} is a text.", field=name)


def _name(name: str) -> str:
    if len(name) > MAX_NAME:
        raise BadForm("too_long", f"The name of a field is longer than {MAX_NAME} characters.", field=name, status=413)
    return _storable(name, name)


def _value(name: str, value: Any) -> Value:
    match value:
        case None | bool():
            return None if value is None else str(value).lower()
        case str():
            return _storable(name, value)
        case list():
            if any(isinstance(one, list | dict) for one in value):
                raise BadForm("too_deep", f"The field “{shown(name)}” is nested too deeply.", field=name)
            if len(value) > MAX_CHOICES:
                sentence = f"The field “{shown(name)}” has more than {MAX_CHOICES} values."
                raise BadForm("too_long", sentence, field=name, status=413)
            return [_scalar(name, one) for one in value]
        case _:
            raise BadForm("too_deep", f"The field “{shown(name)}” is nested too deeply.", field=name)


def _scalar(name: str, value: str | bool | None) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else _storable(name, value)


def _storable(name: str, text: str) -> str:
    """The same text; refused where no database could keep it."""
    if "\0" in text:
        raise BadForm("nul_in_text", f"The field “{shown(name)}” has a NUL character in it.", field=name)
    if _SURROGATE.search(text):
        raise BadForm("lone_surrogate", f"The field “{shown(name)}” has half of a surrogate pair in it.", field=name)
    return text
