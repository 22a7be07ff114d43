"""The only place that touches tables: session, tables, manifest, lock."""
