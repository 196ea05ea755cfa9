"""Mail understanding: what a mail is, what its writer newly wrote and wants, and what a bounce means."""
