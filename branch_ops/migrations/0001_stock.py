"""Keep fees and equipment, and hold their laws by the database (EQP-1, FEE-1)."""

import datetime
from decimal import Decimal

import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

from kernel.guards import immutable, mutable, revoke

FIRST_DAY = datetime.date(2026, 1, 1)
TARIFFS = [
    ("certificate.issue", Decimal(1_000)),
    ("certificate.reissue", Decimal(1_500)),
    ("letter.reprint", Decimal(200)),
]

# An item leaves only where it is; its movements follow one another without gaps; written off is
# for good. `unit` is where it came, or where it was when it left the bank's stock.
MOVEMENT = """
CREATE FUNCTION branch_ops_movement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last branch_ops_equipmentmovement%ROWTYPE;
BEGIN
    SELECT * INTO last FROM branch_ops_equipmentmovement
        WHERE item_id = NEW.item_id ORDER BY number DESC LIMIT 1;
    IF NOT FOUND THEN
        IF NEW.kind <> 'RECEIPT' OR NEW.number <> 1 OR NEW.unit_id <> NEW.to_unit_id THEN
            RAISE EXCEPTION 'item %: its first movement is its receipt', NEW.item_id
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.number <> last.number + 1 OR last.kind = 'WRITE_OFF' THEN
        RAISE EXCEPTION 'item %: movements follow one another, and none a write-off', NEW.item_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.from_unit_id IS DISTINCT FROM last.to_unit_id THEN
        RAISE EXCEPTION 'item %: it cannot leave where it is not', NEW.item_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.unit_id <> COALESCE(NEW.to_unit_id, last.unit_id) THEN
        RAISE EXCEPTION 'item %: another unit answers for it', NEW.item_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER branch_ops_movement_guard BEFORE INSERT ON branch_ops_equipmentmovement
    FOR EACH ROW EXECUTE FUNCTION branch_ops_movement_guard();
"""
NO_MOVEMENT = """
DROP TRIGGER branch_ops_movement_guard ON branch_ops_equipmentmovement;
DROP FUNCTION branch_ops_movement_guard();
"""

# Items are locked before they move, for which the application keeps its right to update them;
# the trigger refuses every change.
ITEM = """
CREATE TRIGGER branch_ops_item_stay BEFORE UPDATE OR DELETE ON branch_ops_equipmentitem
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
NO_ITEM = "DROP TRIGGER branch_ops_item_stay ON branch_ops_equipmentitem;"

# A requisition keeps what was asked for and ends once.
REQUISITION = """
CREATE FUNCTION branch_ops_requisition_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'OPEN' THEN
            RAISE EXCEPTION 'a requisition starts open' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'OPEN'
       OR (NEW.id, NEW.number, NEW.unit_id, NEW.supplier_id, NEW.kind, NEW.quantity,
           NEW.requested_by, NEW.requested_at)
          IS DISTINCT FROM
          (OLD.id, OLD.number, OLD.unit_id, OLD.supplier_id, OLD.kind, OLD.quantity,
           OLD.requested_by, OLD.requested_at) THEN
        RAISE EXCEPTION 'requisition % is final', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER branch_ops_requisition_guard
    BEFORE INSERT OR UPDATE ON branch_ops_equipmentrequisition
    FOR EACH ROW EXECUTE FUNCTION branch_ops_requisition_guard();
CREATE TRIGGER branch_ops_requisition_stay BEFORE DELETE ON branch_ops_equipmentrequisition
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
NO_REQUISITION = """
DROP TRIGGER branch_ops_requisition_stay ON branch_ops_equipmentrequisition;
DROP TRIGGER branch_ops_requisition_guard ON branch_ops_equipmentrequisition;
DROP FUNCTION branch_ops_requisition_guard();
"""

# A fee starts due at its price, goes along the edges of its machine and keeps how it was paid.
FEE = """
CREATE FUNCTION branch_ops_fee_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'DUE' THEN
            RAISE EXCEPTION 'a fee starts due' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.state, NEW.state) NOT IN (('DUE', 'PAID'), ('DUE', 'WAIVED'), ('PAID', 'REFUNDED')) THEN
        RAISE EXCEPTION 'fee %: no way leads from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.company_id, NEW.target, NEW.tariff_id, NEW.amount, NEW.currency, NEW.charged_at)
       IS DISTINCT FROM
       (OLD.id, OLD.company_id, OLD.target, OLD.tariff_id, OLD.amount, OLD.currency, OLD.charged_at)
       OR (OLD.state = 'PAID'
           AND (NEW.settled_at, NEW.paid_from, NEW.receipt_number, NEW.posting_reference,
                NEW.waiver_reference)
               IS DISTINCT FROM
               (OLD.settled_at, OLD.paid_from, OLD.receipt_number, OLD.posting_reference,
                OLD.waiver_reference)) THEN
        RAISE EXCEPTION 'fee %: what was charged and how it was paid is final', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER branch_ops_fee_guard BEFORE INSERT OR UPDATE ON branch_ops_feeitem
    FOR EACH ROW EXECUTE FUNCTION branch_ops_fee_guard();
CREATE TRIGGER branch_ops_fee_stay BEFORE DELETE ON branch_ops_feeitem
    FOR EACH ROW EXECUTE FUNCTION kernel_refuse_change();
"""
NO_FEE = """
DROP TRIGGER branch_ops_fee_stay ON branch_ops_feeitem;
DROP TRIGGER branch_ops_fee_guard ON branch_ops_feeitem;
DROP FUNCTION branch_ops_fee_guard();
"""

INSPECT = ["branch_ops.feeaccount.inspect", "branch_ops.equipmentrequisition.inspect"]
EQUIPMENT = [
    "branch_ops.equipmentitem.inspect",
    "branch_ops.equipmentmovement.inspect",
    "branch_ops.equipmentrequisition.inspect",
]
ADDED = {
    "branch.business.maker": [*INSPECT, "equipment.item.issue"],
    "branch.business.checker": INSPECT,
    "bank.auditor": INSPECT,
    "bank.pki.maker": EQUIPMENT,
    "bank.pki.checker": EQUIPMENT,
}


def _kept(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        immutable(table, truncate_only=True) + revoke("DELETE", table), mutable(table)
    )


def seed(apps, schema_editor):
    rows = apps.get_model("branch_ops", "FeeTariff").objects.using(schema_editor.connection.alias)
    rows.bulk_create(
        rows.model(code=code, amount=amount, currency="TWD", valid_from=FIRST_DAY)
        for code, amount in TARIFFS
    )


def widen(apps, schema_editor):
    roles = apps.get_model("identity", "Role").objects.using(schema_editor.connection.alias)
    for code, added in ADDED.items():
        row = roles.get(code=code)
        row.permissions = sorted({*row.permissions, *added})
        row.save()


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("identity", "0004_certificate_roles"),
        ("ledger", "0002_double_entry"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EquipmentItem",
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
                            ("CARD", "CARD"),
                            ("READER", "READER"),
                            ("STATIONERY", "STATIONERY"),
                        ],
                        max_length=12,
                    ),
                ),
                ("serial_number", models.CharField(max_length=40, unique=True)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "equipment",
                "verbose_name_plural": "equipment",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("serial_number__regex", "^[0-9A-Z-]{4,40}$")),
                        name="branch_ops_serial_number",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeeAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("designated_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fee_account",
                        to="identity.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "fee account",
                "verbose_name_plural": "fee accounts",
            },
        ),
        migrations.CreateModel(
            name="FeeTariff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("certificate.issue", "certificate.issue"),
                            ("certificate.reissue", "certificate.reissue"),
                            ("letter.reprint", "letter.reprint"),
                        ],
                        max_length=30,
                        verbose_name="fee",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                (
                    "currency",
                    models.CharField(
                        choices=[
                            ("TWD", "TWD"),
                            ("JPY", "JPY"),
                            ("USD", "USD"),
                            ("EUR", "EUR"),
                            ("CNY", "CNY"),
                            ("HKD", "HKD"),
                            ("GBP", "GBP"),
                            ("AUD", "AUD"),
                        ],
                        max_length=3,
                    ),
                ),
                ("valid_from", models.DateField()),
            ],
            options={
                "verbose_name": "tariff",
                "verbose_name_plural": "tariffs",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "valid_from"), name="branch_ops_tariff_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="branch_ops_tariff_amount"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EquipmentMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("RECEIPT", "RECEIPT"),
                            ("REQUISITION", "REQUISITION"),
                            ("ISSUE", "ISSUE"),
                            ("RETURN", "RETURN"),
                            ("WRITE_OFF", "WRITE_OFF"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("actor", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="equipment_movements",
                        to="identity.company",
                    ),
                ),
                (
                    "from_unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="equipment_left",
                        to="identity.unit",
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="equipment_movements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="branch_ops.equipmentitem",
                    ),
                ),
                (
                    "to_unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="equipment_came",
                        to="identity.unit",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="equipment_movements",
                        to="identity.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "movement of equipment",
                "verbose_name_plural": "movements of equipment",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("item", "number"), name="branch_ops_movement_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("from_unit__isnull", True),
                                ("kind", "RECEIPT"),
                                ("number", 1),
                                ("to_unit__isnull", False),
                            ),
                            models.Q(
                                ("from_unit__isnull", False),
                                ("kind", "REQUISITION"),
                                ("number__gt", 1),
                                ("to_unit__isnull", False),
                                models.Q(("from_unit", models.F("to_unit")), _negated=True),
                            ),
                            models.Q(
                                ("from_unit__isnull", False),
                                ("kind", "ISSUE"),
                                ("number__gt", 1),
                                ("to_unit__isnull", True),
                            ),
                            models.Q(
                                ("kind", "RETURN"), ("number__gt", 1), ("to_unit__isnull", False)
                            ),
                            models.Q(
                                ("kind", "WRITE_OFF"), ("number__gt", 1), ("to_unit__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="branch_ops_movement_way",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EquipmentRequisition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.CharField(max_length=12, unique=True, verbose_name="requisition number"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("CARD", "CARD"),
                            ("READER", "READER"),
                            ("STATIONERY", "STATIONERY"),
                        ],
                        max_length=12,
                    ),
                ),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("OPEN", "OPEN"),
                            ("FULFILLED", "FULFILLED"),
                            ("DECLINED", "DECLINED"),
                            ("WITHDRAWN", "WITHDRAWN"),
                        ],
                        default="OPEN",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("requested_by", models.CharField(max_length=64)),
                ("requested_at", models.DateTimeField()),
                ("ended_by", models.CharField(blank=True, max_length=64)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requisitions_to_fulfil",
                        to="identity.unit",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="requisitions",
                        to="identity.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "requisition",
                "verbose_name_plural": "requisitions",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1), ("quantity__lte", 1000)),
                        name="branch_ops_requisition_quantity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit", models.F("supplier")), _negated=True),
                        name="branch_ops_requisition_two_units",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "OPEN")),
                            models.Q(
                                models.Q(("state", "OPEN"), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="branch_ops_requisition_ended",
                    ),
                ],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.CreateModel(
            name="FeeItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(db_index=True, max_length=60)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=20)),
                (
                    "currency",
                    models.CharField(
                        choices=[
                            ("TWD", "TWD"),
                            ("JPY", "JPY"),
                            ("USD", "USD"),
                            ("EUR", "EUR"),
                            ("CNY", "CNY"),
                            ("HKD", "HKD"),
                            ("GBP", "GBP"),
                            ("AUD", "AUD"),
                        ],
                        max_length=3,
                    ),
                ),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("DUE", "DUE"),
                            ("PAID", "PAID"),
                            ("WAIVED", "WAIVED"),
                            ("REFUNDED", "REFUNDED"),
                        ],
                        default="DUE",
                        max_length=50,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("charged_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "paid_from",
                    models.CharField(
                        blank=True,
                        choices=[("ACCOUNT", "ACCOUNT"), ("COUNTER", "COUNTER")],
                        max_length=10,
                    ),
                ),
                (
                    "receipt_number",
                    models.CharField(blank=True, max_length=20, verbose_name="receipt number"),
                ),
                (
                    "posting_reference",
                    models.CharField(blank=True, max_length=64, null=True, unique=True),
                ),
                ("refunded_at", models.DateTimeField(blank=True, null=True)),
                ("waiver_reference", models.CharField(blank=True, max_length=24)),
                ("refund_reference", models.CharField(blank=True, max_length=24)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fees",
                        to="identity.company",
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="branch_ops.feetariff",
                    ),
                ),
            ],
            options={
                "verbose_name": "fee",
                "verbose_name_plural": "fees",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="branch_ops_fee_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("paid_from", ""),
                                ("posting_reference__isnull", True),
                                ("refunded_at__isnull", True),
                                ("settled_at__isnull", True),
                                ("state", "DUE"),
                                ("waiver_reference", ""),
                            ),
                            models.Q(
                                ("paid_from", ""),
                                ("posting_reference__isnull", True),
                                ("refunded_at__isnull", True),
                                ("settled_at__isnull", False),
                                ("state", "WAIVED"),
                                models.Q(("waiver_reference", ""), _negated=True),
                            ),
                            models.Q(
                                ("posting_reference__isnull", False),
                                ("settled_at__isnull", False),
                                models.Q(("paid_from", ""), _negated=True),
                                models.Q(
                                    models.Q(
                                        ("refund_reference", ""),
                                        ("refunded_at__isnull", True),
                                        ("state", "PAID"),
                                    ),
                                    models.Q(
                                        ("refunded_at__isnull", False),
                                        ("state", "REFUNDED"),
                                        models.Q(("refund_reference", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="branch_ops_fee_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("paid_from", "COUNTER"), ("receipt_number", ""), _negated=True
                        ),
                        name="branch_ops_fee_receipt",
                    ),
                ],
            },
            bases=(django_fsm.FSMModelMixin, models.Model),
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunPython(widen, migrations.RunPython.noop),
        migrations.RunSQL(
            immutable("branch_ops_equipmentmovement"), mutable("branch_ops_equipmentmovement")
        ),
        migrations.RunSQL(immutable("branch_ops_feetariff"), mutable("branch_ops_feetariff")),
        _kept("branch_ops_equipmentitem"),
        _kept("branch_ops_equipmentrequisition"),
        _kept("branch_ops_feeaccount"),
        _kept("branch_ops_feeitem"),
        migrations.RunSQL(MOVEMENT, NO_MOVEMENT),
        migrations.RunSQL(ITEM, NO_ITEM),
        migrations.RunSQL(REQUISITION, NO_REQUISITION),
        migrations.RunSQL(FEE, NO_FEE),
    ]
