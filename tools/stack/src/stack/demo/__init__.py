"""The demonstration: a club's day at the front desk, told through the public REST API alone."""
