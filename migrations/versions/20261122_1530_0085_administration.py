"""administration: second factor, idle lock, expiring accounts, own dictionary entries, what administrators choose"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0085"
down_revision = "0075"
branch_labels = None
depends_on = None

RIGHTS = ["roles.manage", "dictionary.write", "colours.write", "settings.manage", "jobs.manage", "system.read"]
SEEN = "token_hash, user_id, expires_at"
LISTENING = "CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION bump_data_version('{part}')"


def upgrade() -> None:
    users, sign_ins, dictionary = users_columns(), sign_ins_columns(), dictionary_columns()
    for table, columns in (("users", users), ("sign_ins", sign_ins), ("dictionary", dictionary)):
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "dictionary_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("list", sa.String(60), nullable=False, comment="代码表"),
        sa.Column("code", sa.String(20), nullable=False, comment="代码"),
        sa.Column("version", sa.Integer(), nullable=False, comment="版本"),
        sa.Column("before", JSONB(), nullable=True, comment="之前"),
        sa.Column("after", JSONB(), nullable=False, comment="之后"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="修改人"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="修改时间"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionary_changes")),
        comment="代码表修改记录",
    )
    op.create_index("ix_dictionary_changes_entry", "dictionary_changes", ["list", "code"])
    op.create_table(
        "choices",
        sa.Column("name", sa.String(40), nullable=False, comment="名称"),
        sa.Column("version", sa.Integer(), nullable=False, comment="版本"),
        sa.Column("body", JSONB(), nullable=False, comment="内容"),
        sa.Column("made_by", sa.String(120), nullable=False, comment="修改人"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False, comment="修改时间"),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_choices")),
        comment="管理员的选择（各版本）",
    )
    listen("sign_ins", "access", f"INSERT OR UPDATE OF {SEEN}, second_factor_at, locked_at OR DELETE OR TRUNCATE", anew=True)
    listen("choices", "choices", "INSERT OR UPDATE OR DELETE OR TRUNCATE")
    op.get_bind().execute(
        sa.text(
            "UPDATE roles SET rights = rights || ARRAY(SELECT unnest(CAST(:given AS text[])) EXCEPT SELECT unnest(rights))"
            " WHERE code = 'administrator'"
        ),
        {"given": RIGHTS},
    )


def users_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("expires_on", sa.Date(), nullable=True, comment="有效期至"),
        sa.Column("second_factor", sa.LargeBinary(), nullable=True, comment="动态口令密钥（加密）"),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True, comment="启用动态口令时间"),
        sa.Column("second_factor_step", sa.BigInteger(), server_default="0", nullable=False, comment="最近用过的口令时段"),
        sa.Column("recovery_codes", ARRAY(sa.LargeBinary()), server_default="{}", nullable=False, comment="备用码摘要"),
    )


def sign_ins_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
    )


def dictionary_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("synonyms", ARRAY(sa.Text()), server_default="{}", nullable=False, comment="同义词"),
        sa.Column("retired", sa.Boolean(), server_default="false", nullable=False, comment="已停用"),
        sa.Column("own", sa.Boolean(), server_default="false", nullable=False, comment="本单位修改过"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False, comment="版本"),
    )


def listen(table: str, part: str, when: str, *, anew: bool = False) -> None:
    if anew:
        op.execute(f"DROP TRIGGER bump_{part} ON {table}")
    op.execute(LISTENING.format(name=f"bump_{part}", when=when, table=table, part=part))


def downgrade() -> None:
    op.get_bind().execute(
        sa.text("UPDATE roles SET rights = ARRAY(SELECT unnest(rights) EXCEPT SELECT unnest(CAST(:taken AS text[])))"),
        {"taken": RIGHTS},
    )
    listen("sign_ins", "access", f"INSERT OR UPDATE OF {SEEN} OR DELETE OR TRUNCATE", anew=True)
    op.drop_table("choices")
    op.drop_table("dictionary_changes")
    for table, columns in (("dictionary", dictionary_columns()), ("sign_ins", sign_ins_columns()), ("users", users_columns())):
        for column in columns:
            op.drop_column(table, column.name)
