"""Events: what happened, where, in which grid."""
