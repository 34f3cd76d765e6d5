"""Published tables that grow by what each release has to tell; here only their declarations."""
