"""How well the scaffold hears sentences that it was not made for."""
