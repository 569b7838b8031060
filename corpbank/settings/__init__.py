"""Settings: `enterprise` and `staff` are the two sites, `test` is for the tests, `base` is shared."""
