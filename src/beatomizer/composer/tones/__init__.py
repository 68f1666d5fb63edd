"""Instruments that play notes: families of synthesis, and the table that names them."""
