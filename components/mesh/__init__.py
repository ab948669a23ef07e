"""Who may call whom at layer 7."""
