"""Training of the listeners ``full`` and ``live`` from lessons."""
