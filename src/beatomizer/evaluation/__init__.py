"""Models beside reference rows, on clips they have not seen: tables, pictures, JSON."""
