"""Who may talk to whom, declared once."""
