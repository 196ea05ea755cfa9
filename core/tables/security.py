"""Roles, and what walls the workspaces off from one another."""

OWNER_ROLE = "caseyos_owner"
APP_ROLE = "caseyos_app"
WORKSPACE_SETTING = "caseyos.workspace"


RIGHTS = {
    "audit_entries": "SELECT, INSERT",
    "audit_texts": "SELECT, INSERT, UPDATE",
    "audit_heads": "SELECT, INSERT, UPDATE",
    "audit_keys": "SELECT, INSERT",
}
"""Tables in which the app may do less than everything: what stands in the audit, it cannot take back."""


def security_ddl(table: str) -> tuple[str, ...]:
    """What makes a table safe to share between workspaces: forced row level security and the app's rights."""
    mine = f"workspace_id = nullif(current_setting('{WORKSPACE_SETTING}', true), '')::uuid"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_workspace ON {table} USING ({mine}) WITH CHECK ({mine})",
        f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE, DELETE')} ON {table} TO {APP_ROLE}",
    )
