"""Roles, and what walls the workspaces off from one another."""

OWNER_ROLE = "caseyos_owner"
APP_ROLE = "caseyos_app"
WORKSPACE_SETTING = "caseyos.workspace"
ALL_WORKSPACES_SETTING = "caseyos.all_workspaces"
SHARED = "global_switches"
"""The one table of no workspace: everybody reads and locks its row; to change it a transaction says so beforehand."""

RIGHTS = {
    "audit_entries": "SELECT, INSERT",
    "audit_texts": "SELECT, INSERT, UPDATE",
    "audit_heads": "SELECT, INSERT, UPDATE",
    "audit_keys": "SELECT, INSERT",
    SHARED: "SELECT, UPDATE",
}
"""Tables in which the app may do less than everything: what stands in the audit, it cannot take back."""


def security_ddl(table: str) -> tuple[str, ...]:
    """What makes a table safe to share between workspaces: forced row level security and the app's rights."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        *_policies(table),
        f"GRANT {RIGHTS.get(table, 'SELECT, INSERT, UPDATE, DELETE')} ON {table} TO {APP_ROLE}",
    )


def _policies(table: str) -> tuple[str, ...]:
    if table == SHARED:
        on_purpose = f"current_setting('{ALL_WORKSPACES_SETTING}', true) = 'on'"
        return (
            f"CREATE POLICY read_by_all ON {table} FOR SELECT USING (true)",
            f"CREATE POLICY turned_on_purpose ON {table} FOR UPDATE USING (true) WITH CHECK ({on_purpose})",
        )
    mine = f"workspace_id = nullif(current_setting('{WORKSPACE_SETTING}', true), '')::uuid"
    return (f"CREATE POLICY own_workspace ON {table} USING ({mine}) WITH CHECK ({mine})",)
