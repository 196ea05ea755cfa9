"""Web forms as signals: whose they are is proved by a signature, what they mean is said in a mapping."""

from integrations.forms.mapping import BadMapping, FormMapping, FormMappings
from integrations.forms.signals import MAX_BODY_BYTES, BadForm, check_signature, parse

__all__ = ["MAX_BODY_BYTES", "BadForm", "BadMapping", "FormMapping", "FormMappings", "check_signature", "parse"]
