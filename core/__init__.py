"""What to do, whether we may, and what is true: the domain, without HTTP, Slack or a job queue."""
