"""The first schema: all words of the design, row level security forced, two roles."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OWNER, APP = "caseyos_owner", "caseyos_app"

TABLES = (
    "caps",
    "corrections",
    "cursors",
    "members",
    "people",
    "signals",
    "suppressions",
    "switches",
    "workspaces",
    "recommendations",
    "moves",
    "outcomes",
    "approvals",
    "move_events",
    "score_receipts",
    "effects",
    "reservations",
)

ROLES = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'caseyos_owner') THEN
        CREATE ROLE caseyos_owner NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'caseyos_app') THEN
        CREATE ROLE caseyos_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    BEGIN
        EXECUTE format('GRANT caseyos_owner, caseyos_app TO %I', session_user);
    EXCEPTION WHEN insufficient_privilege THEN
        -- A login without the right to grant must have been made a member of both by whoever has it.
        NULL;
    END;
END
$$
"""

SCHEMA = (
    """
    CREATE TABLE caps (
        workspace_id UUID NOT NULL,
        scope TEXT NOT NULL,
        subject TEXT NOT NULL,
        "window" TEXT NOT NULL,
        used INTEGER NOT NULL,
        CONSTRAINT pk_caps PRIMARY KEY (workspace_id, scope, subject, "window"),
        CONSTRAINT ck_caps_used CHECK (used >= 0)
    )
    """,
    """
    CREATE TABLE corrections (
        workspace_id UUID NOT NULL,
        feature TEXT NOT NULL,
        value TEXT NOT NULL,
        tried INTEGER NOT NULL,
        succeeded INTEGER NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_corrections PRIMARY KEY (workspace_id, feature, value),
        CONSTRAINT ck_corrections_counts CHECK (succeeded between 0 and tried)
    )
    """,
    """
    CREATE TABLE cursors (
        workspace_id UUID NOT NULL,
        source TEXT NOT NULL,
        value TEXT,
        problem TEXT,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        read_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_cursors PRIMARY KEY (workspace_id, source)
    )
    """,
    """
    CREATE TABLE members (
        workspace_id UUID NOT NULL,
        slack_user_id TEXT NOT NULL,
        name TEXT NOT NULL,
        zone TEXT NOT NULL,
        role TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_members PRIMARY KEY (workspace_id, slack_user_id),
        CONSTRAINT ck_members_role CHECK (role in ('owner', 'admin', 'member'))
    )
    """,
    """
    CREATE TABLE people (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        company TEXT NOT NULL,
        replied_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_people PRIMARY KEY (workspace_id, id),
        CONSTRAINT uq_people_workspace_id_email UNIQUE (workspace_id, email)
    )
    """,
    """
    CREATE TABLE signals (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        source TEXT NOT NULL,
        kind TEXT NOT NULL,
        dedup_key TEXT NOT NULL,
        payload JSONB NOT NULL,
        state TEXT NOT NULL,
        note TEXT DEFAULT '' NOT NULL,
        attempts INTEGER DEFAULT 0 NOT NULL,
        occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_signals PRIMARY KEY (workspace_id, id),
        CONSTRAINT ck_signals_state CHECK (state in ('pending', 'proposed', 'declined', 'recorded')),
        CONSTRAINT ck_signals_pending_is_due CHECK ((state = 'pending') = (due_at is not null)),
        CONSTRAINT uq_signals_workspace_id_source_dedup_key UNIQUE (workspace_id, source, dedup_key)
    )
    """,
    """
    CREATE INDEX ix_signals_due ON signals (workspace_id, due_at) WHERE due_at IS NOT NULL
    """,
    """
    CREATE TABLE suppressions (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        reason TEXT NOT NULL,
        evidence TEXT NOT NULL,
        by TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_suppressions PRIMARY KEY (workspace_id, id),
        CONSTRAINT ck_suppressions_kind CHECK (kind in ('address', 'domain')),
        CONSTRAINT ck_suppressions_reason CHECK (reason in ('hard_bounce', 'complaint', 'opt_out', 'manual', 'legal')),
        CONSTRAINT uq_suppressions_workspace_id_kind_value UNIQUE (workspace_id, kind, value)
    )
    """,
    """
    CREATE TABLE switches (
        workspace_id UUID NOT NULL,
        name TEXT NOT NULL,
        paused BOOLEAN NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_switches PRIMARY KEY (workspace_id, name),
        CONSTRAINT ck_switches_name CHECK (name in ('sending'))
    )
    """,
    """
    CREATE TABLE workspaces (
        workspace_id UUID NOT NULL,
        name TEXT NOT NULL,
        slack_team_id TEXT,
        settings JSONB NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_workspaces PRIMARY KEY (workspace_id)
    )
    """,
    """
    CREATE TABLE recommendations (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        signal_id UUID NOT NULL,
        person_id UUID NOT NULL,
        rule TEXT NOT NULL,
        purpose TEXT NOT NULL,
        action TEXT NOT NULL,
        params JSONB NOT NULL,
        title TEXT NOT NULL,
        why TEXT NOT NULL,
        context JSONB NOT NULL,
        facts JSONB NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_recommendations PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_recommendations_signal_id_signals FOREIGN KEY(workspace_id, signal_id) REFERENCES signals (workspace_id, id),
        CONSTRAINT fk_recommendations_person_id_people FOREIGN KEY(workspace_id, person_id) REFERENCES people (workspace_id, id),
        CONSTRAINT uq_recommendations_workspace_id_signal_id_rule UNIQUE (workspace_id, signal_id, rule)
    )
    """,
    """
    CREATE TABLE moves (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        recommendation_id UUID NOT NULL,
        person_id UUID NOT NULL,
        purpose TEXT NOT NULL,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        aps INTEGER NOT NULL,
        dismiss_reason TEXT,
        note TEXT,
        decided_by TEXT,
        decided_at TIMESTAMP WITH TIME ZONE,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        snoozed_until TIMESTAMP WITH TIME ZONE,
        revision INTEGER NOT NULL,
        shown_revision INTEGER NOT NULL,
        shown_digest TEXT,
        card_channel TEXT,
        card_ts TEXT,
        card_due_at TIMESTAMP WITH TIME ZONE,
        card_lease_until TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_moves PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_moves_recommendation_id_recommendations FOREIGN KEY(workspace_id, recommendation_id) REFERENCES recommendations (workspace_id, id),
        CONSTRAINT fk_moves_person_id_people FOREIGN KEY(workspace_id, person_id) REFERENCES people (workspace_id, id),
        CONSTRAINT uq_moves_workspace_id_recommendation_id UNIQUE (workspace_id, recommendation_id),
        CONSTRAINT ck_moves_state CHECK (state in ('open', 'snoozed', 'approved', 'done', 'dismissed', 'expired', 'retired')),
        CONSTRAINT ck_moves_aps CHECK (aps between 0 and 100),
        CONSTRAINT ck_moves_snoozed_until CHECK ((state = 'snoozed') = (snoozed_until is not null)),
        CONSTRAINT ck_moves_dismiss_reason CHECK ((state = 'dismissed') = (dismiss_reason is not null))
    )
    """,
    """
    CREATE INDEX ix_moves_card_due ON moves (workspace_id, card_due_at) WHERE card_due_at IS NOT NULL
    """,
    """
    CREATE INDEX ix_moves_snoozed ON moves (workspace_id, snoozed_until) WHERE state = 'snoozed'
    """,
    """
    CREATE INDEX ix_moves_today ON moves (workspace_id, owner, aps DESC, id) WHERE state = 'open'
    """,
    """
    CREATE UNIQUE INDEX uq_moves_live_purpose ON moves (workspace_id, person_id, purpose) WHERE state IN ('open', 'snoozed', 'approved')
    """,
    """
    CREATE TABLE outcomes (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        recommendation_id UUID NOT NULL,
        signal_id UUID,
        kind TEXT NOT NULL,
        rule TEXT NOT NULL,
        provisional BOOLEAN NOT NULL,
        amount_minor BIGINT,
        currency TEXT,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_outcomes PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_outcomes_recommendation_id_recommendations FOREIGN KEY(workspace_id, recommendation_id) REFERENCES recommendations (workspace_id, id),
        CONSTRAINT fk_outcomes_signal_id_signals FOREIGN KEY(workspace_id, signal_id) REFERENCES signals (workspace_id, id),
        CONSTRAINT uq_outcomes_workspace_id_recommendation_id_kind UNIQUE (workspace_id, recommendation_id, kind),
        CONSTRAINT ck_outcomes_kind CHECK (kind in ('reply', 'automatic_reply', 'nothing_in_time')),
        CONSTRAINT ck_outcomes_money CHECK ((amount_minor is null) = (currency is null))
    )
    """,
    """
    CREATE TABLE approvals (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        move_id UUID NOT NULL,
        params JSONB NOT NULL,
        content_hash TEXT NOT NULL,
        approved_by TEXT NOT NULL,
        approved_at TIMESTAMP WITH TIME ZONE NOT NULL,
        withdrawn_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_approvals PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_approvals_move_id_moves FOREIGN KEY(workspace_id, move_id) REFERENCES moves (workspace_id, id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_approvals_live ON approvals (workspace_id, move_id) WHERE withdrawn_at IS NULL
    """,
    """
    CREATE TABLE move_events (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        move_id UUID NOT NULL,
        what TEXT NOT NULL,
        by TEXT NOT NULL,
        detail TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_move_events PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_move_events_move_id_moves FOREIGN KEY(workspace_id, move_id) REFERENCES moves (workspace_id, id)
    )
    """,
    """
    CREATE INDEX ix_move_events_move ON move_events (workspace_id, move_id, id)
    """,
    """
    CREATE TABLE score_receipts (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        move_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        aps INTEGER NOT NULL,
        receipt JSONB NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_score_receipts PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_score_receipts_move_id_moves FOREIGN KEY(workspace_id, move_id) REFERENCES moves (workspace_id, id),
        CONSTRAINT uq_score_receipts_workspace_id_move_id_revision UNIQUE (workspace_id, move_id, revision)
    )
    """,
    """
    CREATE TABLE effects (
        workspace_id UUID NOT NULL,
        id UUID NOT NULL,
        move_id UUID,
        approval_id UUID,
        action TEXT NOT NULL,
        step INTEGER NOT NULL,
        key TEXT NOT NULL,
        params JSONB NOT NULL,
        state TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        fence INTEGER NOT NULL,
        cause TEXT,
        receipt JSONB,
        late_evidence JSONB,
        due_at TIMESTAMP WITH TIME ZONE,
        start_by TIMESTAMP WITH TIME ZONE,
        horizon_until TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_effects PRIMARY KEY (workspace_id, id),
        CONSTRAINT fk_effects_move_id_moves FOREIGN KEY(workspace_id, move_id) REFERENCES moves (workspace_id, id),
        CONSTRAINT fk_effects_approval_id_approvals FOREIGN KEY(workspace_id, approval_id) REFERENCES approvals (workspace_id, id),
        CONSTRAINT uq_effects_workspace_id_key UNIQUE (workspace_id, key),
        CONSTRAINT uq_effects_workspace_id_approval_id_step UNIQUE (workspace_id, approval_id, step),
        CONSTRAINT ck_effects_state CHECK (state in ('approved', 'held', 'armed', 'blocked', 'applied', 'refused', 'unknown', 'absent', 'needs_human', 'cancelled', 'dropped', 'undo_armed', 'undo_unknown', 'undone', 'cannot_undo')),
        CONSTRAINT ck_effects_applied_has_receipt CHECK (state <> 'applied' or receipt is not null)
    )
    """,
    """
    CREATE INDEX ix_effects_due ON effects (workspace_id, due_at) WHERE due_at IS NOT NULL
    """,
    """
    CREATE INDEX ix_effects_move ON effects (workspace_id, move_id)
    """,
    """
    CREATE INDEX ix_effects_thread ON effects (workspace_id, ((receipt['detail']) ->> 'thread_id')) WHERE receipt IS NOT NULL
    """,
    """
    CREATE TABLE reservations (
        workspace_id UUID NOT NULL,
        effect_id UUID NOT NULL,
        scope TEXT NOT NULL,
        subject TEXT NOT NULL,
        "window" TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_reservations PRIMARY KEY (workspace_id, effect_id, scope),
        CONSTRAINT fk_reservations_effect_id_effects FOREIGN KEY(workspace_id, effect_id) REFERENCES effects (workspace_id, id)
    )
    """,
    """
    CREATE INDEX ix_reservations_subject ON reservations (workspace_id, scope, subject, at)
    """,
)

MINE = "workspace_id = nullif(current_setting('caseyos.workspace', true), '')::uuid"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(ROLES)
    run(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}")
    run(f"GRANT USAGE ON SCHEMA public TO {APP}")
    run(f"SET LOCAL ROLE {OWNER}")
    for statement in SCHEMA:
        run(statement)
    for table in TABLES:
        run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        run(f"CREATE POLICY own_workspace ON {table} USING ({MINE}) WITH CHECK ({MINE})")
        run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}")
    run("RESET ROLE")
    run(f"GRANT SELECT ON alembic_version TO {APP}")


def downgrade() -> None:
    # The roles stay: they belong to the cluster, and another database may use them.
    run = op.get_bind().exec_driver_sql
    for table in reversed(TABLES):
        run(f"DROP TABLE {table}")
    run(f"REVOKE ALL ON alembic_version FROM {APP}")
    run(f"REVOKE ALL ON SCHEMA public FROM {OWNER}, {APP}")
