"""Chinese addresses as people write them: read offline by rules, matched to our buildings, units and rooms."""
