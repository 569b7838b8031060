"""Several issuing authorities over time, their services, and answers signed beforehand."""

import certificates.formats.ocsp
import certificates.states
import django.db.models.deletion
import django_fsm
from django.db import migrations, models

from kernel.guards import immutable, mutable, revoke

# Of an authority the number of its newest list moves, by one, and it retires, once.
AUTHORITY = """
CREATE OR REPLACE FUNCTION certificates_authority_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.name, NEW.kind, NEW.reference, NEW.certificate_der, NEW.key_reference,
        NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.name, OLD.kind, OLD.reference, OLD.certificate_der, OLD.key_reference,
        OLD.created_at)
       OR (NEW.crl_number - OLD.crl_number, OLD.state, NEW.state) NOT IN (
           (1, 'CURRENT', 'CURRENT'), (1, 'RETIRED', 'RETIRED'), (0, 'CURRENT', 'RETIRED')
       ) THEN
        RAISE EXCEPTION 'authority % is final', OLD.name USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
AUTHORITY_BEFORE = """
CREATE OR REPLACE FUNCTION certificates_authority_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.name, NEW.kind, NEW.certificate_der, NEW.key_reference, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.name, OLD.kind, OLD.certificate_der, OLD.key_reference, OLD.created_at)
       OR NEW.crl_number <> OLD.crl_number + 1 THEN
        RAISE EXCEPTION 'authority % is final', OLD.name USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
# Who issued a certificate is as final as its key.
ISSUER = """
CREATE FUNCTION certificates_issuer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issuer_id IS NOT NULL AND NEW.issuer_id IS DISTINCT FROM OLD.issuer_id THEN
        RAISE EXCEPTION 'certificate %: its issuer is final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_issuer_guard BEFORE UPDATE ON certificates_certificate
    FOR EACH ROW EXECUTE FUNCTION certificates_issuer_guard();
"""
ISSUER_BEFORE = """
DROP TRIGGER certificates_issuer_guard ON certificates_certificate;
DROP FUNCTION certificates_issuer_guard();
"""
# What was issued so far was issued by the one authority there was. Ended certificates are told
# their issuer too, past the guard that keeps them as they are.
FIRST_NAMES = """
ALTER TABLE certificates_certificateauthority DISABLE TRIGGER certificates_authority_guard;
UPDATE certificates_certificateauthority SET reference = lower(kind) || '-1';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE certificates_certificateauthority ENABLE TRIGGER certificates_authority_guard;
"""
FIRST_ISSUER = """
ALTER TABLE certificates_certificate DISABLE TRIGGER certificates_certificate_guard;
UPDATE certificates_certificate SET issuer_id = (
    SELECT id FROM certificates_certificateauthority WHERE kind = 'ISSUING'
) WHERE der IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE certificates_certificate ENABLE TRIGGER certificates_certificate_guard;
SET CONSTRAINTS ALL DEFERRED;
"""
ANSWER, SERVICE_KEY = "certificates_ocspanswer", "certificates_servicekey"


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="OcspAnswer",
            fields=[
                (
                    "certificate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ocsp_answer",
                        serialize=False,
                        to="certificates.certificate",
                    ),
                ),
                ("der", models.BinaryField()),
                (
                    "status",
                    models.CharField(
                        choices=[("GOOD", "GOOD"), ("REVOKED", "REVOKED"), ("UNKNOWN", "UNKNOWN")],
                        max_length=10,
                    ),
                ),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("UNSPECIFIED", "UNSPECIFIED"),
                            ("KEY_COMPROMISE", "KEY_COMPROMISE"),
                            ("AFFILIATION_CHANGED", "AFFILIATION_CHANGED"),
                            ("SUPERSEDED", "SUPERSEDED"),
                            ("CESSATION_OF_OPERATION", "CESSATION_OF_OPERATION"),
                            ("CERTIFICATE_HOLD", "CERTIFICATE_HOLD"),
                            ("PRIVILEGE_WITHDRAWN", "PRIVILEGE_WITHDRAWN"),
                        ],
                        max_length=30,
                    ),
                ),
                ("this_update", models.DateTimeField()),
                ("next_update", models.DateTimeField()),
            ],
            options={
                "verbose_name": "answer about a certificate",
                "verbose_name_plural": "answers about certificates",
            },
        ),
        migrations.CreateModel(
            name="ServiceKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "service",
                    models.CharField(
                        choices=[
                            ("OCSP_RESPONDER", "OCSP_RESPONDER"),
                            ("TIME_STAMPING", "TIME_STAMPING"),
                        ],
                        max_length=20,
                    ),
                ),
                ("serial_number", models.CharField(max_length=40, unique=True)),
                ("certificate_der", models.BinaryField()),
                ("key_reference", models.CharField(max_length=80, unique=True)),
                ("not_after", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "service key",
                "verbose_name_plural": "service keys",
            },
        ),
        migrations.RemoveIndex(
            model_name="revocationlist",
            name="certificates_crl_time",
        ),
        migrations.AddField(
            model_name="certificate",
            name="issuer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="certificates",
                to="certificates.certificateauthority",
            ),
        ),
        migrations.AddField(
            model_name="certificateauthority",
            name="reference",
            field=models.SlugField(max_length=30, null=True, db_index=False),
        ),
        migrations.RunSQL(FIRST_NAMES, migrations.RunSQL.noop),
        migrations.RunSQL(FIRST_ISSUER, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="certificateauthority",
            name="reference",
            field=models.SlugField(max_length=30, unique=True),
        ),
        migrations.AddField(
            model_name="certificateauthority",
            name="state",
            field=django_fsm.FSMField(
                choices=[("CURRENT", "CURRENT"), ("RETIRED", "RETIRED")],
                default=certificates.states.AuthorityState["CURRENT"],
                max_length=50,
                protected=True,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="certificateauthority",
            name="key_reference",
            field=models.CharField(blank=True, max_length=80, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="certificateauthority",
            name="kind",
            field=models.CharField(
                choices=[("ROOT", "Root"), ("ISSUING", "Issuing")], max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="revocationlist",
            name="number",
            field=models.BigIntegerField(),
        ),
        migrations.AddConstraint(
            model_name="certificateauthority",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", certificates.states.AuthorityState["CURRENT"])),
                fields=("kind",),
                name="certificates_one_authority_in_force",
            ),
        ),
        migrations.AddConstraint(
            model_name="revocationlist",
            constraint=models.UniqueConstraint(
                fields=("issuer", "number"), name="certificates_one_list_of_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="revocationlist",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_update__gt", models.F("this_update"))),
                name="certificates_list_lasts",
            ),
        ),
        migrations.AddConstraint(
            model_name="ocspanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_update__gt", models.F("this_update"))),
                name="certificates_answer_lasts",
            ),
        ),
        migrations.AddConstraint(
            model_name="ocspanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("revoked_at__isnull", False),
                        ("status", certificates.formats.ocsp.CertificateStatus["REVOKED"]),
                    ),
                    models.Q(
                        models.Q(
                            ("status", certificates.formats.ocsp.CertificateStatus["REVOKED"]),
                            _negated=True,
                        ),
                        ("reason", ""),
                        ("revoked_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="certificates_answer_whole",
            ),
        ),
        migrations.AddField(
            model_name="servicekey",
            name="authority",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="service_keys",
                to="certificates.certificateauthority",
            ),
        ),
        migrations.AddIndex(
            model_name="servicekey",
            index=models.Index(
                fields=["authority", "service", "-id"], name="certificates_service_key"
            ),
        ),
        migrations.RunSQL(AUTHORITY, AUTHORITY_BEFORE),
        migrations.RunSQL(ISSUER, ISSUER_BEFORE),
        migrations.RunSQL(immutable(SERVICE_KEY), mutable(SERVICE_KEY)),
        migrations.RunSQL(
            immutable(ANSWER, truncate_only=True) + revoke("DELETE", ANSWER), mutable(ANSWER)
        ),
    ]
