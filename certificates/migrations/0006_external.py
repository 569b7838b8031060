"""Accept certificates of outside authorities, and guard what is known of them (CERT-11)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kernel.guards import immutable, mutable, revoke

# What 0005 says, and one way more: from application to issued, which OUTSIDE below keeps for
# certificates of an outside authority alone.
CERTIFICATE = """
CREATE OR REPLACE FUNCTION certificates_certificate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'APPLIED' AND NEW.suspensions = 0 AND NEW.renews_id IS NULL THEN
            RETURN NEW;
        END IF;
        IF NEW.state = 'ISSUED' AND NEW.purpose = 'AUTHENTICATION' AND NEW.renews_id IS NULL THEN
            RETURN NEW;
        END IF;
        IF NEW.state = 'ISSUED' AND EXISTS (
            SELECT FROM certificates_certificate r
            WHERE r.id = NEW.renews_id AND r.state = 'ACTIVE' AND r.holder_id = NEW.holder_id
                AND r.purpose = NEW.purpose AND r.suspensions = NEW.suspensions
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a certificate starts as an application, beside another or by renewal'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('REVOKED', 'EXPIRED', 'CANCELLED') THEN
        RAISE EXCEPTION 'certificate % is % for ever', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('APPLIED', 'LETTER_PRINTED'), ('APPLIED', 'CANCELLED'), ('APPLIED', 'ISSUED'),
        ('LETTER_PRINTED', 'APPLIED'), ('LETTER_PRINTED', 'CANCELLED'),
        ('LETTER_PRINTED', 'ISSUED'),
        ('ISSUED', 'ACTIVE'), ('ISSUED', 'REVOKED'), ('ISSUED', 'EXPIRED'),
        ('ACTIVE', 'SUSPENDED'), ('ACTIVE', 'REVOKED'), ('ACTIVE', 'EXPIRED'),
        ('SUSPENDED', 'UNSUSPENDING'), ('SUSPENDED', 'REVOKED'), ('SUSPENDED', 'EXPIRED'),
        ('UNSUSPENDING', 'ACTIVE'), ('UNSUSPENDING', 'SUSPENDED'),
        ('UNSUSPENDING', 'REVOKED'), ('UNSUSPENDING', 'EXPIRED')
    ) THEN
        RAISE EXCEPTION 'certificate %: no way leads from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.suspensions <> OLD.suspensions
            + (OLD.state = 'ACTIVE' AND NEW.state = 'SUSPENDED')::int THEN
        RAISE EXCEPTION 'certificate %: a suspension counts once, and nothing else does', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.holder_id, NEW.purpose, NEW.applied_at, NEW.renews_id)
            IS DISTINCT FROM
            (OLD.id, OLD.holder_id, OLD.purpose, OLD.applied_at, OLD.renews_id)
       OR (OLD.der IS NOT NULL
           AND (NEW.der, NEW.serial_number, NEW.sha256, NEW.public_key_sha256, NEW.storage,
                NEW.card_id, NEW.not_before, NEW.not_after, NEW.issued_at, NEW.companion_id)
               IS DISTINCT FROM
               (OLD.der, OLD.serial_number, OLD.sha256, OLD.public_key_sha256, OLD.storage,
                OLD.card_id, OLD.not_before, OLD.not_after, OLD.issued_at, OLD.companion_id)) THEN
        RAISE EXCEPTION 'certificate %: holder and key are final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
# Whose certificate it is is decided at the start; without a letter only outside ones are issued,
# and none of those waits for a letter to begin with.
OUTSIDE = """
CREATE FUNCTION certificates_outside_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.external_issuer_id IS DISTINCT FROM OLD.external_issuer_id THEN
        RAISE EXCEPTION 'certificate %: its issuer is final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'APPLIED' AND NEW.state = 'ISSUED' AND NEW.external_issuer_id IS NULL THEN
        RAISE EXCEPTION 'certificate %: issued without a letter', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'LETTER_PRINTED' AND NEW.external_issuer_id IS NOT NULL THEN
        RAISE EXCEPTION 'certificate %: an outside one needs no letter to be issued', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_outside_guard BEFORE UPDATE ON certificates_certificate
    FOR EACH ROW EXECUTE FUNCTION certificates_outside_guard();
"""
UNDO_OUTSIDE = """
DROP TRIGGER certificates_outside_guard ON certificates_certificate;
DROP FUNCTION certificates_outside_guard();
"""
# An outside authority keeps its code and root, and is withdrawn once and for all; of an issuer
# only the address of its list changes.
AUTHORITY = """
CREATE FUNCTION certificates_externalauthority_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL
       OR (NEW.id, NEW.code, NEW.root_der, NEW.root_sha256, NEW.configured_at)
          IS DISTINCT FROM
          (OLD.id, OLD.code, OLD.root_der, OLD.root_sha256, OLD.configured_at) THEN
        RAISE EXCEPTION 'outside authority % is final', OLD.code
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_externalauthority_guard BEFORE UPDATE
    ON certificates_externalauthority
    FOR EACH ROW EXECUTE FUNCTION certificates_externalauthority_guard();
CREATE TRIGGER certificates_externalauthority_stay BEFORE DELETE
    ON certificates_externalauthority
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
CREATE FUNCTION certificates_externalissuer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.authority_id, NEW.subject, NEW.certificate_der, NEW.sha256, NEW.chain)
       IS DISTINCT FROM
       (OLD.id, OLD.authority_id, OLD.subject, OLD.certificate_der, OLD.sha256, OLD.chain) THEN
        RAISE EXCEPTION 'outside issuer % is final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_externalissuer_guard BEFORE UPDATE ON certificates_externalissuer
    FOR EACH ROW EXECUTE FUNCTION certificates_externalissuer_guard();
CREATE TRIGGER certificates_externalissuer_stay BEFORE DELETE ON certificates_externalissuer
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
UNDO_AUTHORITY = """
DROP TRIGGER certificates_externalissuer_stay ON certificates_externalissuer;
DROP TRIGGER certificates_externalissuer_guard ON certificates_externalissuer;
DROP FUNCTION certificates_externalissuer_guard();
DROP TRIGGER certificates_externalauthority_stay ON certificates_externalauthority;
DROP TRIGGER certificates_externalauthority_guard ON certificates_externalauthority;
DROP FUNCTION certificates_externalauthority_guard();
"""
BY_THEIR_RULES = ("certificates_externalauthority", "certificates_externalissuer")


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0005_life"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExternalAuthority",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=12, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80)),
                ("root_der", models.BinaryField()),
                ("root_sha256", models.CharField(max_length=64, unique=True)),
                ("policies", models.JSONField(verbose_name="accepted policies")),
                ("configured_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "outside authority",
                "verbose_name_plural": "outside authorities",
            },
        ),
        migrations.CreateModel(
            name="ExternalList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.DecimalField(decimal_places=0, max_digits=49)),
                ("der", models.BinaryField()),
                ("entries", models.PositiveIntegerField()),
                ("this_update", models.DateTimeField()),
                ("next_update", models.DateTimeField()),
                ("fetched_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "outside revocation list",
                "verbose_name_plural": "outside revocation lists",
            },
        ),
        migrations.AddField(
            model_name="certificate",
            name="outside_good_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="certificate",
            name="outside_status",
            field=models.CharField(
                blank=True,
                choices=[("GOOD", "GOOD"), ("ON_HOLD", "ON_HOLD"), ("REVOKED", "REVOKED")],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="certificate",
            name="serial_number",
            field=models.CharField(blank=True, max_length=60, null=True, unique=True),
        ),
        migrations.CreateModel(
            name="ExternalIssuer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("certificate_der", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "chain",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BinaryField(), size=None
                    ),
                ),
                (
                    "crl_url",
                    models.CharField(
                        blank=True, max_length=300, verbose_name="address of the revocation list"
                    ),
                ),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issuers",
                        to="certificates.externalauthority",
                    ),
                ),
            ],
            options={
                "verbose_name": "outside issuer",
                "verbose_name_plural": "outside issuers",
            },
        ),
        migrations.AddField(
            model_name="certificate",
            name="external_issuer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="certificates",
                to="certificates.externalissuer",
            ),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("external_issuer__isnull", True),
                        ("outside_good_until__isnull", True),
                        ("outside_status", ""),
                    ),
                    models.Q(
                        ("external_issuer__isnull", False),
                        models.Q(("outside_status", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="certificates_outside_whole",
            ),
        ),
        migrations.AddField(
            model_name="externallist",
            name="issuer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lists",
                to="certificates.externalissuer",
            ),
        ),
        migrations.AddConstraint(
            model_name="externalissuer",
            constraint=models.UniqueConstraint(
                fields=("authority", "sha256"), name="certificates_outside_issuer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="externallist",
            constraint=models.UniqueConstraint(
                fields=("issuer", "this_update"), name="certificates_outside_list_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="externallist",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_update__gt", models.F("this_update"))),
                name="certificates_outside_list_time",
            ),
        ),
        migrations.RunSQL(
            immutable("certificates_externallist"), mutable("certificates_externallist")
        ),
        *(
            migrations.RunSQL(
                immutable(table, truncate_only=True) + revoke("DELETE", table), mutable(table)
            )
            for table in BY_THEIR_RULES
        ),
        migrations.RunSQL(AUTHORITY, UNDO_AUTHORITY),
        migrations.RunSQL(CERTIFICATE, migrations.RunSQL.noop),
        migrations.RunSQL(OUTSIDE, UNDO_OUTSIDE),
    ]
