"""Keep factors, codes, devices and the figures of signing in."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import identity.models.policy
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0007_report_lost"),
    ]

    operations = [
        migrations.CreateModel(
            name="CommonPassword",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(max_length=128, unique=True)),
            ],
            options={
                "verbose_name": "common password",
                "verbose_name_plural": "common passwords",
            },
        ),
        migrations.CreateModel(
            name="CompanyPolicy",
            fields=[
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="sign_in_policy",
                        serialize=False,
                        to="identity.company",
                    ),
                ),
                ("submit_with_card", models.BooleanField(default=False)),
                (
                    "code_from",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=20, null=True),
                ),
                ("usual_from", models.TimeField(blank=True, null=True)),
                ("usual_until", models.TimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "company's sign-in policy",
                "verbose_name_plural": "companies' sign-in policies",
            },
        ),
        migrations.CreateModel(
            name="FormDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("path", models.CharField(max_length=200)),
                ("fields", models.JSONField(default=dict)),
                ("kept_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="KnownDevice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("device_sha256", models.CharField(max_length=64)),
                ("place", models.CharField(max_length=45)),
                ("agent", models.CharField(max_length=200)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="OneTimeCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("contact", "verify an address"),
                            ("activation", "set a password"),
                            ("passkey", "register a passkey"),
                            ("transaction", "verify a transaction"),
                        ],
                        max_length=12,
                    ),
                ),
                ("subject", models.CharField(blank=True, max_length=64)),
                ("code_hmac", models.CharField(max_length=64)),
                ("channel", models.CharField(max_length=5)),
                ("tries_left", models.PositiveSmallIntegerField()),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "one-time code",
                "verbose_name_plural": "one-time codes",
            },
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("credential_id", models.BinaryField(unique=True)),
                ("public_key", models.BinaryField()),
                ("sign_count", models.PositiveBigIntegerField(default=0)),
                ("name", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "passkey",
                "verbose_name_plural": "passkeys",
            },
        ),
        migrations.CreateModel(
            name="PasskeyChallenge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("challenge", models.BinaryField(unique=True)),
                ("session_key_sha256", models.CharField(max_length=64)),
                (
                    "purpose",
                    models.CharField(
                        choices=[("register", "register"), ("sign in", "sign in")], max_length=10
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PasswordPolicy",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("shortest", models.PositiveSmallIntegerField(default=8)),
                ("shortest_staff", models.PositiveSmallIntegerField(default=12)),
                ("run_length", models.PositiveSmallIntegerField(default=4)),
                ("remembered", models.PositiveSmallIntegerField(default=3)),
                ("days_valid", models.PositiveSmallIntegerField(default=180)),
                (
                    "notice_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=identity.models.policy.usual_notice_days,
                        size=None,
                    ),
                ),
            ],
            options={
                "verbose_name": "password policy",
                "verbose_name_plural": "password policy",
            },
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="wanted_address",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="formerpassword",
            name="is_initial",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="device_sha256",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="session",
            name="is_half_in",
            field=models.BooleanField(default=False),
        ),
        migrations.RemoveConstraint(model_name="session", name="identity_session_one_live"),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("is_half_in", False)),
                fields=("user",),
                name="identity_session_one_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), ("is_half_in", True)),
                fields=("user",),
                name="identity_session_one_half_in",
            ),
        ),
        migrations.AddField(
            model_name="session",
            name="is_new_device",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="is_new_place",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="is_out_of_hours",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="session",
            name="stepped_up_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="account_limit",
            field=models.PositiveIntegerField(default=30),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="activation_hours",
            field=models.PositiveSmallIntegerField(default=24),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="address_limit",
            field=models.PositiveIntegerField(default=100),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="code_minutes",
            field=models.PositiveSmallIntegerField(default=5),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="code_tries",
            field=models.PositiveSmallIntegerField(default=3),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="keypad_offered",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="keypad_seconds",
            field=models.PositiveSmallIntegerField(default=120),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="keypad_sign_milliseconds",
            field=models.PositiveSmallIntegerField(default=80),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="limit_minutes",
            field=models.PositiveSmallIntegerField(default=10),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="number_offered",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="second_sign_in",
            field=models.CharField(
                choices=[("take over", "may end the first"), ("refuse", "is refused")],
                default="take over",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="signinpolicy",
            name="warning_seconds",
            field=models.PositiveSmallIntegerField(default=120),
        ),
        migrations.AddField(
            model_name="user",
            name="authorisation_code",
            field=models.CharField(blank=True, max_length=128),
        ),
        migrations.AddField(
            model_name="user",
            name="first_used_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="guesses_told",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="login_name_chosen_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="password_set_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="prefers_keypad",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="prefers_number",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="start_page",
            field=models.CharField(default="home", max_length=20),
        ),
        migrations.AddField(
            model_name="user",
            name="wrong_codes",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="contactpoint",
            name="verified_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="signinpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("absolute_hours__gte", 1),
                    ("absolute_hours__lte", 12),
                    ("account_limit__gte", 5),
                    ("account_limit__lte", 200),
                    ("activation_hours__gte", 1),
                    ("activation_hours__lte", 72),
                    ("address_limit__gte", 5),
                    ("address_limit__lte", 5000),
                    ("alarm_after__lte", 100),
                    ("code_minutes__gte", 1),
                    ("code_minutes__lte", 10),
                    ("code_tries__gte", 1),
                    ("code_tries__lte", 5),
                    ("idle_minutes__lte", 30),
                    ("keypad_seconds__gte", 30),
                    ("keypad_seconds__lte", 600),
                    ("keypad_sign_milliseconds__gte", 40),
                    ("keypad_sign_milliseconds__lte", 500),
                    ("limit_minutes__gte", 1),
                    ("limit_minutes__lte", 60),
                    ("pause_after__lte", 10),
                    ("warning_seconds__gte", 20),
                    (
                        "warning_seconds__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("idle_minutes"), "*", models.Value(30)
                        ),
                    ),
                ),
                name="identity_policy_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="commonpassword",
            constraint=models.CheckConstraint(
                condition=models.Q(("word", ""), _negated=True),
                name="identity_common_password_said",
            ),
        ),
        migrations.AddConstraint(
            model_name="companypolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("code_from__isnull", True), ("code_from__gte", 0), _connector="OR"
                ),
                name="identity_company_policy_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="companypolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("usual_from__isnull", True), ("usual_until__isnull", True)),
                    ("usual_from__lt", models.F("usual_until")),
                    _connector="OR",
                ),
                name="identity_company_policy_hours",
            ),
        ),
        migrations.AddField(
            model_name="formdraft",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="knowndevice",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="onetimecode",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="passkey",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="passkeys",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="passkeychallenge",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="passwordpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="identity_password_policy_single"
            ),
        ),
        migrations.AddConstraint(
            model_name="passwordpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("days_valid__gte", 90),
                    ("days_valid__lte", 180),
                    ("remembered__gte", 3),
                    ("remembered__lte", 24),
                    ("run_length__gte", 3),
                    ("run_length__lte", 5),
                    ("shortest__gte", 6),
                    ("shortest__lte", 32),
                    ("shortest_staff__gte", models.F("shortest")),
                    ("shortest_staff__lte", 32),
                ),
                name="identity_password_policy_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="formdraft",
            constraint=models.UniqueConstraint(fields=("user", "path"), name="identity_draft_once"),
        ),
        migrations.AddConstraint(
            model_name="knowndevice",
            constraint=models.UniqueConstraint(
                fields=("user", "device_sha256", "place"), name="identity_device_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="onetimecode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("user", "purpose"),
                name="identity_code_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="onetimecode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("used_at__isnull", True), ("closed_at__isnull", False), _connector="OR"
                ),
                name="identity_code_used_is_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="onetimecode",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("created_at"))),
                name="identity_code_lasts",
            ),
        ),
    ]
