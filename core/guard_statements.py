"""The two statements by which an arming takes its locks and then reads its facts: each one round trip."""

from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

HOLD = (
    text(
        """
        with gate_of_all as materialized (
            select pg_advisory_xact_lock_shared(hashtextextended(:gate_of_all, 0)) is not null as locked
        ), gate as materialized (
            select pg_advisory_xact_lock_shared(hashtextextended(current_setting(:wall) || ' ' || :gate, 0)) is not null
                as locked
            from gate_of_all where gate_of_all.locked
        ), everywhere as materialized (
            select paused, by from gate join global_switches on gate.locked where name = :switch
            for share of global_switches
        ), switched as materialized (
            select paused, by, dry_runs from gate join switches on gate.locked where name = :switch
            for share of switches
        ), listed as materialized (
            select pg_advisory_xact_lock_shared(hashtextextended(current_setting(:wall) || ' ' || :list, 0)) is not null
                as locked
        ), named as materialized (
            select bool_and(pg_advisory_xact_lock(key) is not null) as locked from (
                select distinct hashtextextended(current_setting(:wall) || ' ' || name, 0) as key
                from unnest(:names) as name order by key
            ) as keys
        )
        select workspaces.settings, mine.purpose, mine.owner,
            coalesce(everywhere.paused, true) as all_paused,
            coalesce(everywhere.paused, true) or coalesce(switched.paused, true) as paused,
            case when everywhere.paused is not false then coalesce(everywhere.by, :nobody)
                else coalesce(members.name, switched.by, :nobody) end as paused_by,
            coalesce(switched.dry_runs, '{}') as dry_runs,
            (select locked from listed), (select locked from named)
        from workspaces
        left join everywhere on true
        left join switched on true
        left join members on members.slack_user_id = switched.by
        left join (
            select moves.purpose, moves.owner from effects
            join moves on moves.workspace_id = effects.workspace_id and moves.id = effects.move_id
            where effects.id = :effect
        ) as mine on true
        """
    )
    .bindparams(
        *(bindparam(name, type_=Text) for name in ("switch", "gate_of_all", "gate", "wall", "list", "nobody")),
        bindparam("names", type_=ARRAY(Text)),
        bindparam("effect", type_=Uuid),
    )
    .columns(settings=JSONB, dry_runs=JSONB)
)

FACTS = (
    text(
        """
        with asked as materialized (
            select * from unnest(:emails, :companies) as one (email, company)
        ), listed as (
            select distinct on (asked.email) asked.email, list.reason, list.evidence, list.kind, list.value
            from asked join suppressions as list on list.removed_at is null and (
                (list.kind = 'address' and list.value = asked.email)
                or (list.kind = 'domain' and list.value = split_part(asked.email, '@', 2))
                or (list.kind = 'account' and exists (
                    select from people as theirs
                    where theirs.account = list.value and theirs.account <> ''
                        and (theirs.email = asked.email or split_part(theirs.email, '@', 2) = asked.company)
                ))
            )
            order by asked.email, list.at
        )
        select
            (select jsonb_object_agg(email, to_jsonb(people)) from people where email = any(:emails)) as people,
            (select jsonb_object_agg(email, to_jsonb(listed)) from listed) as suppressed,
            (select jsonb_agg(people.email) from people where people.email = any(:emails) and exists (
                select from opt_ins where opt_ins.workspace_id = people.workspace_id
                    and opt_ins.person_id = people.id and opt_ins.withdrawn_at is null)) as opted_in,
            (select jsonb_agg(jsonb_build_array(scope, subject, at, purpose)) from reservations
                where scope in ('person', 'company') and subject = any(:emails || :companies) and at > :since
                    and effect_id is distinct from :effect) as touches,
            (select jsonb_agg(jsonb_build_array(caps.scope, caps.subject, caps."window", used)) from caps
                join unnest(:scopes, :subjects, :windows) as wanted (scope, subject, "window")
                using (scope, subject, "window")) as used,
            (select jsonb_agg(jsonb_build_array(scope, subject, "window")) from reservations
                where effect_id = :effect and "window" <> '') as held,
            (select coalesce(sum(used), 0) from caps
                where scope = 'mailbox_day' and subject = :mailbox and "window" >= :counted_from) as sent,
            (select count(distinct effect_id) from reservations where bounced_at >= :bounces_since) as bounced
        """
    )
    .bindparams(
        *(bindparam(name, type_=ARRAY(Text)) for name in ("emails", "companies", "scopes", "subjects", "windows")),
        bindparam("since", type_=DateTime(timezone=True)),
        bindparam("bounces_since", type_=DateTime(timezone=True)),
        bindparam("effect", type_=Uuid),
        bindparam("mailbox", type_=Text),
        bindparam("counted_from", type_=Text),
    )
    .columns(people=JSONB, suppressed=JSONB, opted_in=JSONB, touches=JSONB, used=JSONB, held=JSONB)
)
