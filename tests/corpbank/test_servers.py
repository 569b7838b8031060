"""The tests stand on the database the application will have, in the role it will have."""

import psycopg
import pytest
import redis
from django.core.cache import cache
from django.db import connection

from identity.models import Role, Unit


@pytest.mark.django_db
def test_tests_speak_as_the_application_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("corpbank_app", False, False, False, False)
        cursor.execute("SELECT current_setting('lock_timeout')")
        assert cursor.fetchone() == ("3s",)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE identity_unit CASCADE",
        "CREATE TABLE smuggled (id int)",
        "ALTER TABLE identity_unit ADD COLUMN smuggled int",
        "DROP TABLE identity_unit",
        "SET session_replication_role = replica",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    ],
)
def test_the_application_may_not_change_the_house(statement: str) -> None:
    with (
        psycopg.connect(**_parameters()) as own,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        own.execute(statement)


def _parameters() -> dict[str, str]:
    found = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    return {name: found[key] for name, key in names.items()} | {"port": found["PORT"]}


class TestEachTransactionalTestStartsEmpty:
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("round_number", [1, 2])
    def test_rows_of_the_last_test_are_gone(self, round_number: int) -> None:
        assert not Unit.objects.exists()
        Unit.objects.create(code="900", name=f"第{round_number}分行", kind=Unit.Kind.BRANCH)

    @pytest.mark.django_db
    def test_but_reference_rows_stay(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations")
            assert cursor.fetchone()[0] > 0
        assert Role.objects.model is Role


def test_the_owner_may_build(owner_cursor: psycopg.Cursor) -> None:
    owner_cursor.execute("CREATE TABLE built (id int); DROP TABLE built; SELECT current_user")
    assert owner_cursor.connection.info.user == "corpbank_owner"


def test_the_superuser_stands_above_the_rules(superuser_cursor: psycopg.Cursor) -> None:
    superuser_cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    assert superuser_cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_cache_and_queue_are_this_workers_own(redis_url: str) -> None:
    cache.set("key", "value")
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 1
