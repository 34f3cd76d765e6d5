"""When and where the work runs. The only package that knows Dagster."""
