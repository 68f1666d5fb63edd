"""The studio: a page in the browser where a person makes, edits and plays shows, and the small server behind it."""
