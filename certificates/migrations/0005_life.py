"""The whole life: letters prepared before they are printed, cards in stock, pairs, renewals.

What the machines allow is held by the database too, direct SQL included (CERT-3 to CERT-5).
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kernel.guards import immutable, mutable, revoke

# As in the first guard, and: a certificate may also start issued when it accompanies another or
# renews one that is in force, whose count of suspensions it takes over.
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
        ('APPLIED', 'LETTER_PRINTED'), ('APPLIED', 'CANCELLED'),
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

# Asked at the commit: by then both halves of a pair are where they belong.
PAIR = """
CREATE FUNCTION certificates_pair_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM certificates_certificate s JOIN certificates_certificate a
            ON a.id = s.companion_id
        WHERE (s.id = NEW.id OR a.id = NEW.id) AND (
            a.purpose <> 'AUTHENTICATION' OR (s.state, s.suspensions, s.holder_id, s.card_id)
                IS DISTINCT FROM (a.state, a.suspensions, a.holder_id, a.card_id))
    ) OR (NEW.purpose = 'AUTHENTICATION' AND NEW.der IS NOT NULL AND NOT EXISTS (
        SELECT FROM certificates_certificate s WHERE s.companion_id = NEW.id
    )) THEN
        RAISE EXCEPTION 'certificate % and its companion have parted', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER certificates_pair_begun AFTER INSERT ON certificates_certificate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.purpose = 'AUTHENTICATION' OR NEW.companion_id IS NOT NULL)
    EXECUTE FUNCTION certificates_pair_guard();
CREATE CONSTRAINT TRIGGER certificates_pair_kept AFTER UPDATE ON certificates_certificate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.suspensions <> NEW.suspensions
          OR OLD.companion_id IS DISTINCT FROM NEW.companion_id)
    EXECUTE FUNCTION certificates_pair_guard();
"""
NO_PAIR = """
DROP TRIGGER certificates_pair_kept ON certificates_certificate;
DROP TRIGGER certificates_pair_begun ON certificates_certificate;
DROP FUNCTION certificates_pair_guard();
"""

# A letter is prepared, then printed once with its secret and its thirty days, then ends.
LETTER = """
CREATE OR REPLACE FUNCTION certificates_letter_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'PREPARED' OR NEW.tries <> 0 THEN
            RAISE EXCEPTION 'a letter starts prepared' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state NOT IN ('PREPARED', 'PRINTED')
       OR (OLD.state, NEW.state) IN (
           ('PRINTED', 'PREPARED'), ('PREPARED', 'CONSUMED'), ('PREPARED', 'LOCKED')
       )
       OR (NEW.id, NEW.number, NEW.holder_id, NEW.certificate_id, NEW.purpose, NEW.prepared_at)
          IS DISTINCT FROM
          (OLD.id, OLD.number, OLD.holder_id, OLD.certificate_id, OLD.purpose, OLD.prepared_at)
       OR ((OLD.state, NEW.state) <> ('PREPARED', 'PRINTED')
           AND (NEW.secret_hmac, NEW.printed_at, NEW.expires_at)
               IS DISTINCT FROM (OLD.secret_hmac, OLD.printed_at, OLD.expires_at))
       OR NEW.tries < OLD.tries THEN
        RAISE EXCEPTION 'letter % is final', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_letter_begin BEFORE INSERT ON certificates_letter
    FOR EACH ROW EXECUTE FUNCTION certificates_letter_guard();
"""
NO_LETTER_BEGIN = "DROP TRIGGER certificates_letter_begin ON certificates_letter;"
# The rows of letters printed before now are final, so the guard stands aside for this once.
PRINTED_SO_FAR = """
ALTER TABLE certificates_letter DISABLE TRIGGER certificates_letter_guard;
UPDATE certificates_letter SET printed_at = prepared_at;
ALTER TABLE certificates_letter ENABLE TRIGGER certificates_letter_guard;
"""

# A card keeps what it is, changes hands only through the stock, and never comes back from an end.
CARD = """
CREATE FUNCTION certificates_card_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('IN_STOCK', 'ASSIGNED') THEN
            RAISE EXCEPTION 'a card starts in stock or with its holder'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('PERM_LOST', 'DAMAGED', 'TERMINATED') THEN
        RAISE EXCEPTION 'card % is % for ever', OLD.id, OLD.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('IN_STOCK', 'ASSIGNED'), ('IN_STOCK', 'DAMAGED'), ('ASSIGNED', 'IN_STOCK'),
        ('ASSIGNED', 'ACTIVE'), ('ASSIGNED', 'LOCKED'), ('ASSIGNED', 'PERM_LOST'),
        ('ASSIGNED', 'DAMAGED'), ('ASSIGNED', 'TERMINATED'),
        ('ACTIVE', 'SUSPENDED'), ('ACTIVE', 'LOCKED'), ('ACTIVE', 'PERM_LOST'),
        ('ACTIVE', 'DAMAGED'), ('ACTIVE', 'TERMINATED'),
        ('SUSPENDED', 'ACTIVE'), ('SUSPENDED', 'PERM_LOST'), ('SUSPENDED', 'DAMAGED'),
        ('SUSPENDED', 'TERMINATED'),
        ('LOCKED', 'PERM_LOST'), ('LOCKED', 'DAMAGED'), ('LOCKED', 'TERMINATED')
    ) THEN
        RAISE EXCEPTION 'card %: no way leads from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.kind, NEW.serial_number, NEW.created_at)
            IS DISTINCT FROM (OLD.id, OLD.kind, OLD.serial_number, OLD.created_at)
       OR (NEW.holder_id IS DISTINCT FROM OLD.holder_id AND (OLD.state, NEW.state) NOT IN (
           ('IN_STOCK', 'ASSIGNED'), ('ASSIGNED', 'IN_STOCK')
       )) THEN
        RAISE EXCEPTION 'card %: number and holder are final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_card_guard BEFORE INSERT OR UPDATE ON certificates_card
    FOR EACH ROW EXECUTE FUNCTION certificates_card_guard();
CREATE TRIGGER certificates_card_stay BEFORE DELETE ON certificates_card
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
NO_CARD = """
DROP TRIGGER certificates_card_stay ON certificates_card;
DROP TRIGGER certificates_card_guard ON certificates_card;
DROP FUNCTION certificates_card_guard();
"""


def foreign_key(to, related_name):
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=to,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0004_proofs"),
        ("identity", "0004_certificate_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "card",
            "serial_number",
            models.CharField(
                blank=True, max_length=40, null=True, unique=True, verbose_name="card number"
            ),
        ),
        migrations.AddField("card", "unit", foreign_key("identity.unit", "cards")),
        migrations.AddField(
            "certificate",
            "companion",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="principal",
                to="certificates.certificate",
            ),
        ),
        migrations.AddField(
            "certificate", "renews", foreign_key("certificates.certificate", "renewals")
        ),
        migrations.AddField(
            "certificate",
            "scope_from",
            models.DateField(blank=True, null=True, verbose_name="first day of use"),
        ),
        migrations.AddField(
            "certificate",
            "scope_until",
            models.DateField(blank=True, null=True, verbose_name="last day of use"),
        ),
        migrations.AddField("letter", "printed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField("card", "holder", foreign_key(settings.AUTH_USER_MODEL, "cards")),
        migrations.AlterField("letter", "expires_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterField(
            "letter", "secret_hmac", models.BinaryField(max_length=32, null=True)
        ),
        migrations.RunSQL(PRINTED_SO_FAR, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "card",
            models.CheckConstraint(
                condition=models.Q(holder__isnull=True, state="IN_STOCK", unit__isnull=False)
                | (
                    ~models.Q(state="IN_STOCK")
                    & (models.Q(holder__isnull=False) | models.Q(state="DAMAGED"))
                ),
                name="certificates_card_place",
            ),
        ),
        migrations.AddConstraint(
            "card",
            models.CheckConstraint(
                condition=models.Q(unit__isnull=True) | models.Q(serial_number__isnull=False),
                name="certificates_card_numbered",
            ),
        ),
        migrations.AddConstraint(
            "certificate",
            models.CheckConstraint(
                condition=models.Q(scope_until__isnull=True)
                | models.Q(scope_from__isnull=True)
                | models.Q(scope_until__gte=models.F("scope_from")),
                name="certificates_scope_days",
            ),
        ),
        migrations.AddConstraint(
            "certificate",
            models.CheckConstraint(
                condition=models.Q(companion__isnull=True) | models.Q(purpose="SIGNING"),
                name="certificates_companion_of_signing",
            ),
        ),
        migrations.AddConstraint(
            "letter",
            models.CheckConstraint(
                condition=models.Q(
                    expires_at__isnull=True, printed_at__isnull=True, secret_hmac__isnull=True
                )
                | models.Q(
                    expires_at__isnull=False, printed_at__isnull=False, secret_hmac__isnull=False
                ),
                name="certificates_letter_printed_whole",
            ),
        ),
        migrations.AddConstraint(
            "letter",
            models.CheckConstraint(
                condition=~models.Q(state__in=["PRINTED", "CONSUMED", "LOCKED"])
                | models.Q(printed_at__isnull=False),
                name="certificates_letter_printed",
            ),
        ),
        migrations.AddConstraint(
            "letter",
            models.CheckConstraint(
                condition=~models.Q(state="PREPARED") | models.Q(printed_at__isnull=True),
                name="certificates_letter_prepared",
            ),
        ),
        migrations.RunSQL(CERTIFICATE, migrations.RunSQL.noop),
        migrations.RunSQL(PAIR, NO_PAIR),
        migrations.RunSQL(LETTER, NO_LETTER_BEGIN),
        migrations.RunSQL(
            immutable("certificates_card", truncate_only=True)
            + revoke("DELETE", "certificates_card")
            + CARD,
            NO_CARD + mutable("certificates_card"),
        ),
    ]
