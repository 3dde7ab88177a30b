"""From numbers to tables: Arrow columns, manifests and Parquet files."""
