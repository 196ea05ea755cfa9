"""What all tables are made of: the columns, keys and references that each of them has."""

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKeyConstraint, MetaData, Uuid

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_1_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} in ({', '.join(repr(str(v)) for v in values)})", name=column)


def workspace_column() -> Column:  # type: ignore[type-arg]
    return Column("workspace_id", Uuid, primary_key=True)


def id_column() -> Column:  # type: ignore[type-arg]
    return Column("id", Uuid, primary_key=True)


def time_column(name: str, *, null: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(name, DateTime(timezone=True), nullable=null)


def within(column: str, table: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the workspace."""
    return ForeignKeyConstraint(["workspace_id", column], [f"{table}.workspace_id", f"{table}.id"])
