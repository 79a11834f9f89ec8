"""Who may do what, where: users, roles, rights, tokens, data scope."""
