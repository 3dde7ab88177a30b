"""The packaged model on disk: data, never code; every file's hash is checked."""
