"""Settings: `enterprise` and `staff` are the two sites, `test` serves the tests."""
