"""Keep what everybody reads at the door, as it was when it was said."""

import django.db.models.deletion
from django.db import migrations, models

from kernel.guards import immutable, mutable, revoke

# What was published is withdrawn once, and is otherwise as it was.
PUBLISHED = """
CREATE FUNCTION alerts_published_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
       OR to_jsonb(NEW) - 'withdrawn_at' IS DISTINCT FROM to_jsonb(OLD) - 'withdrawn_at' THEN
        RAISE EXCEPTION '% %: what was published is final', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
TABLES = ("alerts_publication", "alerts_bulletin")


def guard(table):
    """Return SQL that lets rows of a table only be added and withdrawn."""
    return (
        immutable(table, truncate_only=True)
        + revoke("DELETE", table)
        + f"""
CREATE TRIGGER {table}_guard BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION alerts_published_guard();
CREATE TRIGGER {table}_stay BEFORE DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
    )


def unguard(table):
    """Return SQL that takes the guard off again."""
    return (
        mutable(table)
        + f"""
DROP TRIGGER {table}_guard ON {table};
DROP TRIGGER {table}_stay ON {table};
"""
    )


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0002_secret"),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(unique=True)),
                ("label_zh", models.CharField(max_length=40)),
                ("label_en", models.CharField(max_length=60)),
                ("value", models.CharField(max_length=120)),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contact",
                "ordering": ["order"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("label_zh", ""), _negated=True),
                            models.Q(("label_en", ""), _negated=True),
                            models.Q(("value", ""), _negated=True),
                        ),
                        name="alerts_contact_said",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("FORM", "form"),
                            ("AGREEMENT", "agreement"),
                            ("MANUAL", "manual"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("title_zh", models.CharField(max_length=80, verbose_name="title (Chinese)")),
                ("title_en", models.CharField(max_length=120, verbose_name="title (English)")),
                ("content", models.BinaryField()),
                ("media_type", models.CharField(max_length=80)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                ("published_at", models.DateTimeField(verbose_name="published")),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                ),
            ],
            options={
                "verbose_name": "publication",
                "verbose_name_plural": "publications",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("sha256",),
                        name="alerts_publication_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["FORM", "AGREEMENT", "MANUAL"])),
                        name="alerts_publication_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "media_type__in",
                                [
                                    "application/pdf",
                                    "application/vnd.oasis.opendocument.text",
                                    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                                ],
                            )
                        ),
                        name="alerts_publication_media_type",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$"), ("size__gt", 0)),
                        name="alerts_publication_digest",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_zh", ""), _negated=True),
                            models.Q(("title_en", ""), _negated=True),
                        ),
                        name="alerts_publication_named",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Bulletin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title_zh", models.CharField(max_length=80, verbose_name="title (Chinese)")),
                ("title_en", models.CharField(max_length=120, verbose_name="title (English)")),
                ("text_zh", models.TextField(max_length=2000, verbose_name="text (Chinese)")),
                ("text_en", models.TextField(max_length=4000, verbose_name="text (English)")),
                ("from_date", models.DateField(verbose_name="from")),
                ("until_date", models.DateField(blank=True, null=True, verbose_name="until")),
                ("is_pinned", models.BooleanField(default=False, verbose_name="stays on top")),
                ("published_at", models.DateTimeField(verbose_name="published")),
                (
                    "withdrawn_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="withdrawn"),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.publication",
                    ),
                ),
            ],
            options={
                "verbose_name": "bulletin",
                "verbose_name_plural": "bulletins",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("title_zh", ""), _negated=True),
                            models.Q(("title_en", ""), _negated=True),
                            models.Q(("text_zh", ""), _negated=True),
                            models.Q(("text_en", ""), _negated=True),
                        ),
                        name="alerts_bulletin_in_both_languages",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until_date__isnull", True),
                            ("until_date__gte", models.F("from_date")),
                            _connector="OR",
                        ),
                        name="alerts_bulletin_dates",
                    ),
                ],
            },
        ),
        migrations.RunSQL(PUBLISHED, "DROP FUNCTION alerts_published_guard();"),
        *[migrations.RunSQL(guard(table), unguard(table)) for table in TABLES],
    ]
