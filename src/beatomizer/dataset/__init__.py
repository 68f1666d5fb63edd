"""Videos (or composed takes) → labelled clips in shards. Imports the line; the line never imports it."""
