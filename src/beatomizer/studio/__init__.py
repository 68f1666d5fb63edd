"""The studio: a local web page to make, edit and play shows. Thin over the line."""
