"""Hold by the database what the law of certificates says, direct SQL included (CERT-5)."""

from django.db import migrations

from kernel.guards import immutable, mutable, revoke

APPEND_ONLY = (
    "certificates_certificateevent",
    "certificates_signature",
    "certificates_revocationlist",
)
BY_THEIR_RULES = (
    "certificates_certificateauthority",
    "certificates_certificate",
    "certificates_letter",
    "certificates_signrequest",
)

# A certificate starts as an application, goes along the edges of its machine, counts suspensions
# by one, keeps its key and holder, and never leaves REVOKED, EXPIRED or CANCELLED.
CERTIFICATE = """
CREATE FUNCTION certificates_certificate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'APPLIED' OR NEW.suspensions <> 0 THEN
            RAISE EXCEPTION 'a certificate starts as an application'
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
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
    IF (NEW.id, NEW.holder_id, NEW.purpose, NEW.applied_at)
            IS DISTINCT FROM (OLD.id, OLD.holder_id, OLD.purpose, OLD.applied_at)
       OR (OLD.der IS NOT NULL
           AND (NEW.der, NEW.serial_number, NEW.sha256, NEW.public_key_sha256, NEW.storage,
                NEW.card_id, NEW.not_before, NEW.not_after, NEW.issued_at)
               IS DISTINCT FROM
               (OLD.der, OLD.serial_number, OLD.sha256, OLD.public_key_sha256, OLD.storage,
                OLD.card_id, OLD.not_before, OLD.not_after, OLD.issued_at)) THEN
        RAISE EXCEPTION 'certificate %: holder and key are final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_certificate_guard BEFORE INSERT OR UPDATE ON certificates_certificate
    FOR EACH ROW EXECUTE FUNCTION certificates_certificate_guard();
CREATE TRIGGER certificates_certificate_stay BEFORE DELETE ON certificates_certificate
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""

# A letter that ended stays ended, and none changes its secret, holder or certificate.
LETTER = """
CREATE FUNCTION certificates_letter_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('PREPARED', 'PRINTED')
       OR (NEW.id, NEW.number, NEW.holder_id, NEW.certificate_id, NEW.purpose, NEW.secret_hmac,
           NEW.expires_at)
          IS DISTINCT FROM
          (OLD.id, OLD.number, OLD.holder_id, OLD.certificate_id, OLD.purpose, OLD.secret_hmac,
           OLD.expires_at)
       OR NEW.tries < OLD.tries THEN
        RAISE EXCEPTION 'letter % is final', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_letter_guard BEFORE UPDATE ON certificates_letter
    FOR EACH ROW EXECUTE FUNCTION certificates_letter_guard();
CREATE TRIGGER certificates_letter_stay BEFORE DELETE ON certificates_letter
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""

# Of a sign request only the two times are written, each once (SIGN-2).
SIGN_REQUEST = """
CREATE FUNCTION certificates_signrequest_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.user_id, NEW.session_key_sha256, NEW.certificate_id, NEW.action,
        NEW.request_key, NEW.revision, NEW.statement, NEW.text, NEW.text_sha256, NEW.nonce,
        NEW.created_at, NEW.expires_at)
       IS DISTINCT FROM
       (OLD.id, OLD.user_id, OLD.session_key_sha256, OLD.certificate_id, OLD.action,
        OLD.request_key, OLD.revision, OLD.statement, OLD.text, OLD.text_sha256, OLD.nonce,
        OLD.created_at, OLD.expires_at)
       OR (OLD.unlocked_at IS NOT NULL AND NEW.unlocked_at IS DISTINCT FROM OLD.unlocked_at)
       OR (OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at) THEN
        RAISE EXCEPTION 'sign request % is final', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_signrequest_guard BEFORE UPDATE ON certificates_signrequest
    FOR EACH ROW EXECUTE FUNCTION certificates_signrequest_guard();
CREATE TRIGGER certificates_signrequest_stay BEFORE DELETE ON certificates_signrequest
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""

# Of an authority only the number of its newest revocation list moves, by one.
AUTHORITY = """
CREATE FUNCTION certificates_authority_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.name, NEW.kind, NEW.certificate_der, NEW.key_reference, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.name, OLD.kind, OLD.certificate_der, OLD.key_reference, OLD.created_at)
       OR NEW.crl_number <> OLD.crl_number + 1 THEN
        RAISE EXCEPTION 'authority % is final', OLD.name USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificates_authority_guard BEFORE UPDATE ON certificates_certificateauthority
    FOR EACH ROW EXECUTE FUNCTION certificates_authority_guard();
CREATE TRIGGER certificates_authority_stay BEFORE DELETE ON certificates_certificateauthority
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""


def _drop(guard: str, table: str) -> str:
    return f"""
DROP TRIGGER certificates_{guard}_stay ON {table};
DROP TRIGGER certificates_{guard}_guard ON {table};
DROP FUNCTION certificates_{guard}_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("certificates", "0001_initial")]
    operations = [
        *(migrations.RunSQL(immutable(table), mutable(table)) for table in APPEND_ONLY),
        *(
            migrations.RunSQL(
                immutable(table, truncate_only=True) + revoke("DELETE", table), mutable(table)
            )
            for table in BY_THEIR_RULES
        ),
        migrations.RunSQL(CERTIFICATE, _drop("certificate", "certificates_certificate")),
        migrations.RunSQL(LETTER, _drop("letter", "certificates_letter")),
        migrations.RunSQL(SIGN_REQUEST, _drop("signrequest", "certificates_signrequest")),
        migrations.RunSQL(AUTHORITY, _drop("authority", "certificates_certificateauthority")),
    ]
