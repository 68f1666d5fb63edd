"""A song from nothing: theory → score → voices → mix. Stands beside the line and imports only the ground floor."""
