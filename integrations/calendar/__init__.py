"""Google Calendar as the domain's calendar: when the owner is free, and meetings that are booked once."""

from integrations.calendar.client import GoogleCalendar

__all__ = ["GoogleCalendar"]
